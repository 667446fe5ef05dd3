#include "base/utf8.hpp"

#include <cstdint>

namespace headrace {
namespace {

[[nodiscard]] unsigned byte_at(std::string_view text, std::size_t at) noexcept {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
}

[[nodiscard]] bool is_tail(unsigned byte) noexcept {
    return (byte & 0xC0U) == 0x80U;
}

/// The second byte's range depends on the first: no overlong forms, no surrogates, nothing above
/// U+10FFFF.
[[nodiscard]] bool second_fits(unsigned first, unsigned second) noexcept {
    switch (first) {
        case 0xE0:
            return second >= 0xA0 && second <= 0xBF;
        case 0xED:
            return second >= 0x80 && second <= 0x9F;
        case 0xF0:
            return second >= 0x90 && second <= 0xBF;
        case 0xF4:
            return second >= 0x80 && second <= 0x8F;
        default:
            return is_tail(second);
    }
}

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t at) noexcept {
    unsigned const first = byte_at(text, at);
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4) return 0;
    if (!second_fits(first, byte_at(text, at + 1))) return 0;
    if (first < 0xE0) return 2;
    if (!is_tail(byte_at(text, at + 2))) return 0;
    if (first < 0xF0) return 3;
    return is_tail(byte_at(text, at + 3)) ? 4 : 0;
}

void append_utf8(std::string& out, char32_t code_point) {
    auto const put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    auto c = static_cast<std::uint32_t>(code_point);
    if ((c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF) c = 0xFFFD;
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0U | (c >> 6));
        put(0x80U | (c & 0x3FU));
    } else if (c < 0x10000) {
        put(0xE0U | (c >> 12));
        put(0x80U | ((c >> 6) & 0x3FU));
        put(0x80U | (c & 0x3FU));
    } else {
        put(0xF0U | (c >> 18));
        put(0x80U | ((c >> 12) & 0x3FU));
        put(0x80U | ((c >> 6) & 0x3FU));
        put(0x80U | (c & 0x3FU));
    }
}

}  // namespace headrace
