#include "http/message.hpp"

#include <algorithm>
#include <array>

namespace headrace::http {

namespace {

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr std::array<bool, 256> token_bytes() noexcept {
    std::array<bool, 256> token{};
    for (char const c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
        token[static_cast<unsigned char>(c)] = true;
    }
    return token;
}

}  // namespace

std::size_t Request::body_bytes() const noexcept {
    auto bytes = body.size();
    for (auto const& splice : splices)
        bytes += splice.bytes->size();
    return bytes;
}

bool same_name(std::string_view left, std::string_view right) noexcept {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

bool is_header_name(std::string_view name) noexcept {
    constexpr auto token = token_bytes();
    return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
        return token[static_cast<unsigned char>(c)];
    });
}

// The two below run over every byte sent but the body: no early exit, so that the compiler takes
// many bytes at a time.

bool is_target(std::string_view target) noexcept {
    bool bad = target.empty();
    for (char const c : target)
        bad |= static_cast<signed char>(c) <= 0x20 || c == 0x7F;
    return !bad;
}

bool is_header_value(std::string_view value) noexcept {
    bool bad = false;
    for (char const c : value) {
        auto const byte = static_cast<unsigned char>(c);
        bad |= (byte < 0x20 && byte != '\t') || byte == 0x7F;
    }
    return !bad;
}

std::optional<std::string_view> Response::header(std::string_view name) const {
    for (auto const& [key, value] : headers) {
        if (same_name(key, name)) return value;
    }
    return std::nullopt;
}

}  // namespace headrace::http
