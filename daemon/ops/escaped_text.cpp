#include "ops/escaped_text.hpp"

#include "base/utf8.hpp"

#include <algorithm>

namespace headrace::ops {
namespace {

/// The code point that a well-formed sequence spells.
char32_t decode(std::string_view sequence) {
    auto const lead = static_cast<unsigned char>(sequence.front());
    if (sequence.size() == 1) return lead;
    char32_t value = lead & (0x7FU >> sequence.size());
    for (char const c : sequence.substr(1)) {
        value = (value << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
    }
    return value;
}

/// Characters that move a terminal's cursor, end a line or turn the direction of writing.
bool is_unsafe(char32_t c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x2028 || c == 0x2029 ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

void append_unicode_escape(std::string& out, char32_t c) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += "\\u";
    for (unsigned shift = 16; shift != 0;) {
        shift -= 4;
        out += digits[(c >> shift) & 0xFU];
    }
}

/// The letter of the short escape inside quotes; 0 if there is none.
char short_escape(char32_t c) {
    switch (c) {
        case U'"':
            return '"';
        case U'\\':
            return '\\';
        case U'\n':
            return 'n';
        case U'\r':
            return 'r';
        case U'\t':
            return 't';
        default:
            return 0;
    }
}

void append_code_point(std::string& out, std::string_view sequence, Quotes quotes) {
    char32_t const c = decode(sequence);
    char const letter = quotes == Quotes::escaped ? short_escape(c) : char{0};
    if (letter != 0) {
        out += '\\';
        out += letter;
    } else if (is_unsafe(c)) {
        append_unicode_escape(out, c);
    } else {
        out += sequence;
    }
}

}  // namespace

void append_escaped(std::string& out, std::string_view text, std::size_t bytes_max, Quotes quotes) {
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t const sequence = utf8_length(text, at);
        std::size_t const length = std::max<std::size_t>(sequence, 1);
        if (at + length > bytes_max) {
            out += "…";
            return;
        }
        if (sequence == 0) {
            append_unicode_escape(out, 0xFFFD);
        } else {
            append_code_point(out, text.substr(at, length), quotes);
        }
        at += length;
    }
}

}  // namespace headrace::ops
