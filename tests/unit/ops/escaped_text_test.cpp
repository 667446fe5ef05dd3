#include "ops/escaped_text.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::ops {
namespace {

std::string escaped(std::string_view text, Quotes quotes = Quotes::kept, std::size_t bytes = 100) {
    std::string out;
    append_escaped(out, text, bytes, quotes);
    return out;
}

}  // namespace

TEST_CASE("escaped text keeps what is harmless") {
    CHECK(escaped("401 \"bad\" C:\\x, größer") == "401 \"bad\" C:\\x, größer");
}

TEST_CASE("escaped text holds no line break, no control character and nothing but UTF-8") {
    CHECK(escaped("a\nREADY=1\r\t\x1b[31m\x7f") ==
          "a\\u000aREADY=1\\u000d\\u0009\\u001b[31m\\u007f");
    CHECK(escaped("\xff\xc3") == "\\ufffd\\ufffd");
    CHECK(escaped("\u202eevil\u2028") == "\\u202eevil\\u2028");
    CHECK(escaped({"\0", 1}) == "\\u0000");
}

TEST_CASE("escaped text inside quotes cannot end them") {
    CHECK(escaped("\"\\\n\r\t", Quotes::escaped) == "\\\"\\\\\\n\\r\\t");
}

TEST_CASE("escaped text is cut where a character ends") {
    CHECK(escaped("aüb", Quotes::kept, 2) == "a…");
    CHECK(escaped("aüb", Quotes::kept, 3) == "aü…");
    CHECK(escaped("aüb", Quotes::kept, 4) == "aüb");
}

}  // namespace headrace::ops
