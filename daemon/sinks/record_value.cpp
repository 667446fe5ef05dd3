#include "sinks/record_value.hpp"

#include "sinks/reasons.hpp"

namespace headrace::sinks {
namespace {

constexpr std::string_view space = " \t\r\n";

[[nodiscard]] std::string_view trimmed(std::string_view text) {
    std::size_t const begin = text.find_first_not_of(space);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(space) - begin + 1);
}

/// Whether the text looks like another JSON value: enough to choose between two labels.
[[nodiscard]] bool is_other_value(std::string_view text) {
    if (text == "true" || text == "false" || text == "null") return true;
    if (text.size() >= 2 && text.front() == '[' && text.back() == ']') return true;
    if (text.size() >= 2 && text.front() == '"' && text.find('"', 1) == text.size() - 1)
        return true;
    return text.find_first_not_of("0123456789.eE+-") == std::string_view::npos &&
           text.find_first_of("0123456789") != std::string_view::npos;
}

}  // namespace

std::optional<flow::Refusal> check_value(JsonValidator& validator, std::string_view value) {
    auto const checked = validator.check_object(value);
    if (checked) return std::nullopt;
    std::string_view const text = trimmed(value);
    std::string_view why = reason::invalid_json;
    if (text.empty()) why = reason::empty_value;
    if (is_other_value(text)) why = reason::not_an_object;
    return refuse_decode(why, checked.error().message);
}

std::optional<flow::Refusal> check_size(std::size_t body_bytes, std::size_t body_bytes_max) {
    if (body_bytes <= body_bytes_max) return std::nullopt;
    return refuse_encode(reason::too_large,
                         "alone in a request the record makes a body of " +
                             std::to_string(body_bytes) + " bytes, the limit is " +
                             std::to_string(body_bytes_max) +
                             ": raise batch.bytes if the destination takes more");
}

}  // namespace headrace::sinks
