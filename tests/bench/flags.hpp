/// The command line of the benchmark's programs: `--name value` pairs, some of them repeated.
/// Unknown names are errors, so that a driver's slip is seen at once.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace headrace::bench {

class Flags {
  public:
    /// Throws on a name that is not among `known`, and on a name without a value.
    Flags(int count, char** words, std::set<std::string> const& known) {
        for (int at = 1; at < count; at += 2) {
            std::string const name = words[at];
            if (!name.starts_with("--") || !known.contains(name.substr(2)) || at + 1 >= count)
                throw std::runtime_error("cannot use " + name);
            values_[name.substr(2)].push_back(words[at + 1]);
        }
    }

    [[nodiscard]] std::vector<std::string> all(std::string const& name) const {
        auto const found = values_.find(name);
        return found == values_.end() ? std::vector<std::string>{} : found->second;
    }
    [[nodiscard]] std::string text(std::string const& name, std::string fallback = {}) const {
        auto const given = all(name);
        return given.empty() ? fallback : given.back();
    }
    [[nodiscard]] std::uint64_t number(std::string const& name, std::uint64_t fallback) const {
        auto const given = all(name);
        return given.empty() ? fallback : std::stoull(given.back());
    }

  private:
    std::map<std::string, std::vector<std::string>> values_;
};

/// The parts of `text` between commas.
inline std::vector<std::string> split_list(std::string const& text) {
    std::vector<std::string> parts(1);
    for (char const letter : text) {
        if (letter == ',') {
            parts.emplace_back();
        } else {
            parts.back() += letter;
        }
    }
    return parts;
}

}  // namespace headrace::bench
