#include "sinks/name_source.hpp"

#include "base/json.hpp"
#include "sinks/reasons.hpp"

#include <algorithm>

namespace headrace::sinks {

NameSource::NameSource(NameRule rule, std::string_view what)
    : rule_(std::move(rule)), what_(what) {}

std::variant<std::string_view, flow::Refusal> NameSource::find(flow::Record const& record) {
    switch (rule_.from) {
        case NameRule::From::fixed:
            return std::string_view(rule_.value);
        case NameRule::From::topic: {
            auto const found = rule_.by_topic.find(record.origin->topic);
            if (found == rule_.by_topic.end()) return absent("its topic is not listed");
            return std::string_view(found->second);
        }
        case NameRule::From::header: {
            auto const found = record.find_header(rule_.value, found_);
            if (!found) return absent("it has no header " + rule_.value);
            return checked(*found);
        }
        case NameRule::From::field:
            return find_in_field(record);
    }
    return absent("the rule is unknown");
}

std::size_t NameSource::json_bytes_max() const {
    auto const size_of = [](std::string_view name) {
        std::string json;
        append_json_string(json, name);
        return json.size();
    };
    if (is_fixed()) return size_of(rule_.value);
    std::size_t size = rule_.default_name ? size_of(*rule_.default_name) : 2;
    if (rule_.from != NameRule::From::topic) return std::max(size, 2 * name_bytes_max + 2);
    for (auto const& [topic, name] : rule_.by_topic) {
        size = std::max(size, size_of(name));
    }
    return size;
}

std::variant<std::string_view, flow::Refusal> NameSource::find_in_field(
    flow::Record const& record) {
    std::string const where = "its value has nothing at " + rule_.value;
    if (!record.value) return absent(where);
    auto const raw = find_raw(*record.value, rule_.value);
    if (!raw || *raw == "null") return absent(where);
    auto text = unescape(*raw);
    if (!text) {
        return refuse_encode(reason::bad_name, "the name of the " + std::string(what_) + " at " +
                                                   rule_.value + " is not a string");
    }
    found_ = std::move(*text);
    return checked(found_);
}

std::variant<std::string_view, flow::Refusal> NameSource::absent(std::string_view where) const {
    if (rule_.default_name) return std::string_view(*rule_.default_name);
    return refuse_encode(reason::no_name, "the record names no " + std::string(what_) + ": " +
                                              std::string(where) +
                                              ", and no default is configured");
}

std::variant<std::string_view, flow::Refusal> NameSource::checked(std::string_view name) const {
    // Escaped, a name grows to twice its size at most, because control characters are refused.
    bool const has_control = std::ranges::any_of(
        name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F'; });
    if (!name.empty() && name.size() <= name_bytes_max && !has_control && is_utf8(name))
        return name;
    return refuse_encode(reason::bad_name, "the name of the " + std::string(what_) +
                                               " is empty, longer than " +
                                               std::to_string(name_bytes_max) +
                                               " bytes, not UTF-8 or holds control characters");
}

}  // namespace headrace::sinks
