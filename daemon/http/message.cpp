#include "http/message.hpp"

#include <algorithm>

namespace headrace::http {

namespace {

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool same_name(std::string_view left, std::string_view right) noexcept {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

bool is_header_name(std::string_view name) noexcept {
    auto const is_token = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    };
    return !name.empty() && std::all_of(name.begin(), name.end(), is_token);
}

bool is_header_value(std::string_view value) noexcept {
    return std::all_of(value.begin(), value.end(), [](char c) {
        auto const byte = static_cast<unsigned char>(c);
        return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
    });
}

std::optional<std::string_view> Response::header(std::string_view name) const {
    for (auto const& [key, value] : headers) {
        if (same_name(key, name)) return value;
    }
    return std::nullopt;
}

}  // namespace headrace::http
