#include "config/kafka_settings.hpp"

#include "kafka/properties.hpp"
#include "kafka/topic_pattern.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace headrace::config {
namespace {

/// An error of the layer below, without the name that the diagnostic says already and without a
/// value that came from outside.
std::string told(std::string message, std::string_view prefix, Text const& text) {
    if (message.starts_with(prefix)) message.erase(0, prefix.size());
    if (text.parts.empty() || text.value.empty()) return message;
    for (auto at = message.find(text.value); at != std::string::npos;
         at = message.find(text.value, at + 1)) {
        message.replace(at, text.value.size(), "…");
    }
    return message;
}

bool is_server(std::string_view server) noexcept {
    auto const colon = server.rfind(':');
    auto const host = server.substr(0, colon);
    if (host.empty() || server.find_first_of(" \t") != std::string_view::npos) return false;
    if (colon == std::string_view::npos || server.ends_with(']')) return true;
    auto const text = server.substr(colon + 1);
    unsigned port = 0;
    auto const [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
    return code == std::errc{} && end == text.data() + text.size() && port > 0 && port <= 65535;
}

/// How often counted repeats, `{m,n}`, repeat altogether when they stand inside each other.
std::size_t counted_repeats(std::string_view pattern) noexcept {
    std::size_t product = 1;
    for (std::size_t at = pattern.find('{'); at != std::string_view::npos;
         at = pattern.find('{', at + 1)) {
        std::size_t largest = 1;
        std::size_t number = 0;
        for (auto const c : pattern.substr(at + 1)) {
            bool const is_digit = c >= '0' && c <= '9';
            number = is_digit ? std::min<std::size_t>(
                                    number * 10 + static_cast<std::size_t>(c - '0'), 100'000)
                              : 0;
            largest = std::max(largest, number);
            if (!is_digit && c != ',') break;
        }
        product = std::min<std::size_t>(product * largest, 1'000'000'000);
    }
    return product;
}

bool has_back_reference(std::string_view pattern) noexcept {
    for (std::size_t at = 0; at + 1 < pattern.size(); ++at) {
        if (pattern[at] != '\\') continue;
        ++at;
        if (pattern[at] >= '1' && pattern[at] <= '9') return true;
    }
    return false;
}

/// What would make a pattern costly to compile or to match; empty if nothing.
std::string pattern_fault(std::string_view pattern) {
    if (pattern.size() > pattern_bytes_max) {
        return "is a regular expression of " + std::to_string(pattern.size()) + " bytes; at most " +
               std::to_string(pattern_bytes_max) + " are allowed";
    }
    if (counted_repeats(pattern) > pattern_repeats_max) {
        return "holds repeats {m,n} that come to more than " + std::to_string(pattern_repeats_max) +
               " altogether";
    }
    if (has_back_reference(pattern)) return "holds a back reference (\\1), which is not supported";
    return {};
}

}  // namespace

std::string read_bootstrap_servers(SettingsLookup const& lookup, std::string_view key) {
    auto const* const value = lookup.find(key);
    if (value == nullptr) return {};
    std::string_view rest = value->text.value;
    while (true) {
        auto const comma = rest.find(',');
        auto server = rest.substr(0, comma);
        while (server.starts_with(' '))
            server.remove_prefix(1);
        if (!is_server(server)) {
            lookup.report(key, "must be HOST:PORT, several separated by commas, but is " +
                                   shown(value->text));
            return {};
        }
        if (comma == std::string_view::npos) return value->text.value;
        rest.remove_prefix(comma + 1);
    }
}

std::map<std::string, std::string> read_properties(SettingsLookup const& lookup,
                                                   std::string_view key) {
    std::map<std::string, std::string> properties;
    auto const* const value = lookup.find(key);
    if (value == nullptr) return properties;
    for (auto const& [name, text] : value->table) {
        auto const entry = shown_path(std::string(key), name.value);
        if (name.value == "group.instance.id") {
            lookup.report(entry, name.at, "may not be set: use source.instance_id");
        } else if (auto const checked = kafka::check_property(name.value, text.value); !checked) {
            lookup.report(
                entry, name.at,
                told(checked.error().message, "kafka property " + name.value + ": ", text));
        } else {
            properties.emplace(name.value, text.value);
        }
    }
    return properties;
}

std::vector<std::string> files_of(std::map<std::string, std::string> const& properties) {
    std::vector<std::string> files;
    for (auto const* const name :
         {"ssl.ca.location", "ssl.certificate.location", "ssl.crl.location", "ssl.key.location",
          "ssl.keystore.location"}) {
        auto const found = properties.find(name);
        if (found != properties.end() && !found->second.empty()) files.push_back(found->second);
    }
    return files;
}

std::string stamp_of_files(std::map<std::string, std::string> const& properties,
                           Environment const& environment) {
    std::string stamp;
    for (auto const& file : files_of(properties))
        stamp += environment.file_stamp(file) + ';';
    return stamp;
}

std::vector<std::string> read_topics(SettingsLookup const& lookup, std::string_view key) {
    auto const* const value = lookup.find(key);
    if (value == nullptr) return {};
    std::vector<std::string> topics;
    std::set<std::string_view> seen;
    for (auto const& name : value->names) {
        if (!seen.insert(name.value).second) {
            lookup.report(key, name.at, "names the topic " + shown(name) + " twice");
        }
        if (name.value.starts_with('^')) {
            if (auto fault = pattern_fault(name.value); !fault.empty()) {
                lookup.report(key, name.at, std::move(fault));
                return {};
            }
        }
        topics.push_back(name.value);
    }
    if (auto const checked = kafka::check_topics(topics); !checked) {
        auto message = checked.error().message;
        for (auto const& name : value->names)
            message = told(std::move(message), "source.topics: ", name);
        lookup.report(key, std::move(message));
        return {};
    }
    return topics;
}

}  // namespace headrace::config
