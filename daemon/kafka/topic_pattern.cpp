#include "kafka/topic_pattern.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <regex.h>

namespace headrace::kafka {
namespace {

struct FreeRegex {
    void operator()(regex_t* regex) const noexcept {
        regfree(regex);
        delete regex;
    }
};
using Regex = std::unique_ptr<regex_t, FreeRegex>;

Result<Regex> compile(std::string const& pattern) {
    auto raw = std::make_unique<regex_t>();
    if (int const code = regcomp(raw.get(), pattern.c_str(), REG_EXTENDED | REG_NOSUB); code != 0) {
        std::array<char, 256> text{};
        regerror(code, raw.get(), text.data(), text.size());
        return Error{ErrorCode::invalid_config,
                     "source.topics: " + pattern + " is not a regular expression: " + text.data()};
    }
    return Regex{raw.release()};
}

bool is_topic_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= 249 && name != "." && name != ".." &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
           });
}

}  // namespace

bool is_pattern(std::vector<std::string> const& topics) noexcept {
    return topics.size() == 1 && topics.front().starts_with('^');
}

Result<void> check_topics(std::vector<std::string> const& topics) {
    if (topics.empty())
        return Error{ErrorCode::invalid_config, "source.topics: at least one topic is needed"};
    if (is_pattern(topics)) {
        if (auto regex = compile(topics.front()); !regex) return regex.error();
        return {};
    }
    for (auto const& topic : topics) {
        if (topic.starts_with('^')) {
            return Error{ErrorCode::invalid_config,
                         "source.topics: a regular expression stands alone, " + topic + " has " +
                             std::to_string(topics.size() - 1) + " neighbours"};
        }
        if (!is_topic_name(topic)) {
            return Error{
                ErrorCode::invalid_config,
                "source.topics: a topic's name is 1 to 249 letters, digits, '.', '_' or '-'"};
        }
    }
    return {};
}

std::vector<std::string> matching(std::vector<std::string> const& topics,
                                  std::vector<std::string> const& existing) {
    std::vector<std::string> found;
    if (!is_pattern(topics)) {
        std::copy_if(existing.begin(), existing.end(), std::back_inserter(found),
                     [&](auto const& name) {
                         return std::find(topics.begin(), topics.end(), name) != topics.end();
                     });
        return found;
    }
    auto const regex = compile(topics.front());
    if (!regex) return found;
    std::copy_if(
        existing.begin(), existing.end(), std::back_inserter(found),
        [&](auto const& name) { return regexec(regex->get(), name.c_str(), 0, nullptr, 0) == 0; });
    return found;
}

}  // namespace headrace::kafka
