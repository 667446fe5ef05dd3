#include "http/plain_answer.hpp"

#include <algorithm>
#include <array>

namespace headrace::http {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view version = "HTTP/1.1 ";
constexpr std::size_t status_digits = 3;
constexpr std::size_t head_bytes_max = 4096;
constexpr std::size_t fields_max = 64;
/// A length of more digits is left to Beast, which knows about overflow.
constexpr std::size_t length_digits_max = 9;

[[nodiscard]] bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Takes the next line off; nothing if it has no end.
[[nodiscard]] std::optional<std::string_view> take_line(std::string_view& text) {
    auto const end = text.find(line_end);
    if (end == std::string_view::npos) return std::nullopt;
    auto const line = text.substr(0, end);
    text.remove_prefix(end + line_end.size());
    return line;
}

[[nodiscard]] bool is_visible(std::string_view text) noexcept {
    bool bad = false;
    for (char const c : text)
        bad |= static_cast<signed char>(c) < 0x20 || c == 0x7F;
    return !bad;
}

/// A status whose answer has a body if it says so.
[[nodiscard]] std::optional<int> read_status(std::string_view line) {
    if (!line.starts_with(version)) return std::nullopt;
    line.remove_prefix(version.size());
    if (line.size() <= status_digits || line[status_digits] != ' ' || !is_visible(line))
        return std::nullopt;
    int status = 0;
    for (char const c : line.substr(0, status_digits)) {
        if (!is_digit(c)) return std::nullopt;
        status = status * 10 + (c - '0');
    }
    if (status < 200 || status == 204 || status == 304) return std::nullopt;
    return status;
}

[[nodiscard]] std::optional<std::size_t> read_length(std::string_view text) {
    if (text.empty() || text.size() > length_digits_max || !std::ranges::all_of(text, is_digit))
        return std::nullopt;
    std::size_t length = 0;
    for (char const c : text)
        length = length * 10 + static_cast<std::size_t>(c - '0');
    return length;
}

/// What changes where the answer ends or whether the connection is kept. nginx and others say
/// "Connection: keep-alive" in every answer, which changes nothing in HTTP/1.1.
[[nodiscard]] bool is_special(std::string_view name, std::string_view value) noexcept {
    constexpr std::array<std::string_view, 3> special{"Proxy-Connection", "Transfer-Encoding",
                                                      "Upgrade"};
    if (same_name(name, "Connection")) return !same_name(value, "keep-alive");
    return std::ranges::any_of(special,
                               [name](std::string_view other) { return same_name(name, other); });
}

}  // namespace

std::optional<std::size_t> read_plain_answer(std::string_view bytes, std::size_t bytes_max,
                                             Response& into) {
    auto rest = bytes;
    auto const status_line = take_line(rest);
    auto const status = status_line ? read_status(*status_line) : std::nullopt;
    if (!status) return std::nullopt;
    std::optional<std::size_t> length;
    std::size_t fields = 0;
    while (true) {
        auto const line = take_line(rest);
        if (!line || bytes.size() - rest.size() > head_bytes_max) return std::nullopt;
        if (line->empty()) break;
        auto const colon = line->find(':');
        if (colon == std::string_view::npos || fields == fields_max) return std::nullopt;
        auto const name = line->substr(0, colon);
        auto value = line->substr(colon + 1);
        if (value.starts_with(' ')) value.remove_prefix(1);
        bool const is_trimmed = !value.starts_with(' ') && !value.ends_with(' ');
        if (!is_trimmed || !is_header_name(name) || !is_visible(value) || is_special(name, value))
            return std::nullopt;
        if (same_name(name, "Content-Length")) {
            if (length) return std::nullopt;
            length = read_length(value);
            if (!length) return std::nullopt;
        }
        if (fields == into.headers.size()) into.headers.emplace_back();
        into.headers[fields].first.assign(name);
        into.headers[fields].second.assign(value);
        ++fields;
    }
    auto const head = bytes.size() - rest.size();
    if (!length || *length > rest.size() || head + *length > bytes_max) return std::nullopt;
    into.status = *status;
    into.headers.resize(fields);
    into.body.assign(rest.substr(0, *length));
    return head + *length;
}

}  // namespace headrace::http
