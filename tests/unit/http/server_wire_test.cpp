#include "http/server_wire.hpp"

#include <catch2/catch_test_macros.hpp>

namespace http = headrace::http;

TEST_CASE("an answer's head tells length, type and what becomes of the connection") {
    http::ServerResponse response;
    response.status = 201;
    response.headers = {{"X", "y"}};
    response.body = "12345";
    CHECK(http::answer_head(response, {}) ==
          "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 5\r\nX: "
          "y\r\n\r\n");
    CHECK(
        http::answer_head(response, {.keep_alive = false}).ends_with("Connection: close\r\n\r\n"));
    CHECK(http::answer_head(response, {.http_1_0 = true})
              .ends_with("Connection: keep-alive\r\n\r\n"));
    response.delivery = http::Delivery::chunked;
    response.content_type.clear();
    CHECK(http::answer_head(response, {}) ==
          "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n");
    CHECK(http::answer_head(response, {.http_1_0 = true}).find("chunked") == std::string::npos);
}

TEST_CASE("an answer that has no body promises none") {
    http::ServerResponse response;
    response.status = 204;
    CHECK(http::answer_head(response, {}) == "HTTP/1.1 204 No Content\r\n\r\n");
    CHECK_FALSE(http::has_body(304));
    CHECK(http::has_body(500));
}

TEST_CASE("a body goes in at most four chunks") {
    CHECK(http::chunked_body("") == "0\r\n\r\n");
    CHECK(http::chunked_body("ab") == "1\r\na\r\n1\r\nb\r\n0\r\n\r\n");
    CHECK(http::chunked_body(std::string(33, 'x')).starts_with("b\r\nxxxxxxxxxxx\r\nb\r\n"));
}

TEST_CASE("an answer with a line break in a header or an odd status is not sendable") {
    http::ServerResponse response;
    CHECK(http::is_sendable(response));
    response.headers = {{"X", "a\r\nY: b"}};
    CHECK_FALSE(http::is_sendable(response));
    response.headers = {{"X Y", "a"}};
    CHECK_FALSE(http::is_sendable(response));
    response.headers.clear();
    response.content_type = "a\nb";
    CHECK_FALSE(http::is_sendable(response));
    response.content_type.clear();
    for (int const status : {0, -1, 100, 199, 600, 70000}) {
        response.status = status;
        CHECK_FALSE(http::is_sendable(response));
    }
}
