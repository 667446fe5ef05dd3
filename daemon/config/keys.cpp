#include "config/keys.hpp"

#include "base/size.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace headrace::config {
namespace {

std::string number_text(double value) {
    if (value == std::floor(value)) return std::to_string(static_cast<long long>(value));
    auto text = std::to_string(value);
    while (text.ends_with('0'))
        text.pop_back();
    return text;
}

std::string range(Key const& key) {
    return " from " + number_text(key.min) + " to " + number_text(key.max);
}

std::string size_range(Key const& key) {
    return " from " + format_size(static_cast<std::uint64_t>(key.min)) + " to " +
           format_size(static_cast<std::uint64_t>(key.max));
}

}  // namespace

Key const* find_key(std::string_view path) noexcept {
    for (auto const& key : all_keys()) {
        if (key.path == path) return &key;
    }
    return nullptr;
}

bool is_section(std::string_view path) noexcept {
    if (path.empty()) return true;
    return std::ranges::any_of(all_keys(), [&](Key const& key) {
        return key.path.size() > path.size() && key.path.starts_with(path) &&
               key.path[path.size()] == '.';
    });
}

std::vector<std::string_view> names_in(std::string_view section) {
    std::vector<std::string_view> names;
    for (auto const& key : all_keys()) {
        auto rest = key.path;
        if (!section.empty()) {
            if (!rest.starts_with(section) || rest.size() <= section.size() ||
                rest[section.size()] != '.')
                continue;
            rest.remove_prefix(section.size() + 1);
        }
        auto const name = rest.substr(0, rest.find_first_of(".["));
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return names;
}

std::vector<std::string_view> choices_of(Key const& key) {
    std::vector<std::string_view> choices;
    auto rest = key.choices;
    while (!rest.empty()) {
        auto const end = std::min(rest.find('|'), rest.size());
        choices.push_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return choices;
}

std::string allowed(Key const& key) {
    switch (key.type) {
        case Type::text:
            return "text";
        case Type::secret:
            return "text";
        case Type::boolean:
            return "true or false";
        case Type::integer:
            return "a whole number" + range(key);
        case Type::milliseconds:
            return "a whole number of milliseconds" + range(key);
        case Type::seconds:
            return "a number of seconds" + range(key);
        case Type::size:
            return "a size" + size_range(key);
        case Type::auto_or_count:
            return "auto or a whole number" + range(key);
        case Type::names:
            return "a list of names";
        case Type::table:
            return "a mapping of names to values";
        case Type::name_rule:
            return "a name, or a mapping with topic, header or field";
        case Type::choice:
            break;
    }
    std::string text;
    auto const choices = choices_of(key);
    for (auto const choice : choices) {
        if (!text.empty()) text += choice == choices.back() ? " or " : ", ";
        text += choice;
    }
    return text;
}

}  // namespace headrace::config
