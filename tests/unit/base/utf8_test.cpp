#include "base/utf8.hpp"

#include "base/json.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace headrace {
namespace {

bool is_whole(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t const length = utf8_length(text, at);
        if (length == 0) return false;
        at += length;
    }
    return at == text.size();
}

TEST_CASE("every code point is written and recognised, surrogates are replaced") {
    for (char32_t c = 0; c <= 0x110000; c += c < 0x3000 ? 1 : 37) {
        std::string text;
        append_utf8(text, c);
        CHECK(is_utf8(text));
        CHECK(utf8_length(text, 0) == text.size());
        bool const is_replaced = (c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF || c == 0xFFFD;
        CHECK((text == "\xEF\xBF\xBD") == is_replaced);
    }
}

TEST_CASE("overlong forms, surrogates, cut and stray bytes are no sequences") {
    for (std::string_view const text :
         {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC3", "\xC3(", "\xE0\x9F\xBF", "\xED\xA0\x80",
          "\xE2\x82", "\xE2(\x80", "\xE2\x82(", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
          "\xF0\x9F\x98", "\xF0\x9F\x98(", "\xF5\x80\x80\x80", "\xFF"}) {
        CHECK(utf8_length(text, 0) == 0);
        CHECK_FALSE(is_utf8(text));
    }
}

TEST_CASE("all pairs and many triples of bytes agree with the fast check") {
    std::string text(3, ' ');
    for (unsigned a = 0; a < 256; ++a) {
        for (unsigned b = 0; b < 256; ++b) {
            text = {static_cast<char>(a), static_cast<char>(b)};
            if (is_whole(text) != is_utf8(text)) FAIL("pair " << a << ' ' << b);
            for (unsigned const c : {0x20U, 0x7FU, 0x80U, 0x90U, 0xA0U, 0xBFU, 0xC0U, 0xFFU}) {
                text = {static_cast<char>(a), static_cast<char>(b), static_cast<char>(c)};
                if (is_whole(text) != is_utf8(text)) FAIL("triple " << a << ' ' << b << ' ' << c);
            }
        }
    }
}

}  // namespace
}  // namespace headrace
