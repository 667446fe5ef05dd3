#include "http/message.hpp"

#include <catch2/catch_test_macros.hpp>

namespace http = headrace::http;

TEST_CASE("a response's header is found without regard to case, the first of several") {
    http::Response response;
    response.headers = {{"Retry-After", "7"}, {"X", ""}, {"retry-after", "8"}};
    CHECK(response.header("RETRY-AFTER") == "7");
    CHECK(response.header("x") == "");
    CHECK(response.header("Retry") == std::nullopt);
}

TEST_CASE("a header name is a token and nothing else") {
    CHECK(http::is_header_name("X-Tecton_1.~"));
    for (auto const* const name : {"", "a b", "a:", "a\r", "a\n", "\x7F", "\xC3\xA4", "a\"b"}) {
        INFO(name);
        CHECK_FALSE(http::is_header_name(name));
    }
}

TEST_CASE("a header value holds no control byte but tab") {
    CHECK(http::is_header_value(""));
    CHECK(http::is_header_value("a\tb \xC3\xA4"));
    for (std::string_view const value :
         {std::string_view("a\rb"), std::string_view("a\nb"), std::string_view("a\0b", 3),
          std::string_view("\x7F"), std::string_view("\x1F")}) {
        CHECK_FALSE(http::is_header_value(value));
    }
}

TEST_CASE("a request target is visible ASCII") {
    CHECK(http::is_target("/a?b=%20~"));
    for (auto const* const target : {"", "/a b", "/a\r\nb", "/\x7F", "/\xC3\xA4", "/\t"}) {
        INFO(target);
        CHECK_FALSE(http::is_target(target));
    }
}
