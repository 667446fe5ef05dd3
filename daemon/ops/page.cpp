#include "ops/page.hpp"

#include "ops/page_text.hpp"

#include <cstdint>

namespace headrace::ops {
namespace {

std::uint32_t hex_digit(char c) {
    return static_cast<std::uint32_t>(c <= '9' ? c - '0' : c - 'a' + 10);
}

/// Base64 of what `hex` (lower case, an even number of digits) spells.
std::string base64_of_hex(std::string_view hex) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    // Three hexadecimal digits are two letters; what is missing at the end counts as zeros.
    for (std::size_t at = 0; at < hex.size(); at += 3) {
        std::uint32_t bits = 0;
        for (std::size_t digit = at; digit < at + 3; ++digit) {
            bits = (bits << 4U) | (digit < hex.size() ? hex_digit(hex[digit]) : 0);
        }
        out += letters[bits >> 6U];
        if (at + 1 < hex.size()) out += letters[bits & 0x3FU];
    }
    while (out.size() % 4 != 0)
        out += '=';
    return out;
}

}  // namespace

std::string_view page_html() noexcept {
    return page_text;
}

std::string const& page_security_policy() {
    static std::string const policy =
        "default-src 'none'; connect-src 'self'; img-src data:; style-src 'sha256-" +
        base64_of_hex(page_style_sha256) + "'; script-src 'sha256-" +
        base64_of_hex(page_script_sha256) +
        "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    return policy;
}

}  // namespace headrace::ops
