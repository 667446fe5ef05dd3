#include "http/request_head.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace http = headrace::http;
using Headers = std::vector<std::pair<std::string, std::string>>;

namespace {

http::ClientSettings settings(http::Url const& url) {
    http::ClientSettings result;
    result.url = url;
    return result;
}

}  // namespace

TEST_CASE("a request head carries host, length and the caller's headers") {
    Headers const headers{{"Authorization", "Bearer x"}, {"Content-Type", "application/json"}};
    http::RequestHead head(settings({.tls = false, .host = "h", .port = 8080}));
    std::string out = "what was there before";
    REQUIRE(head.write({.target = "/a?b", .headers = headers, .body = "12345"}, out));
    CHECK(out ==
          "POST /a?b HTTP/1.1\r\nHost: h:8080\r\nContent-Length: 5\r\n"
          "Authorization: Bearer x\r\nContent-Type: application/json\r\n\r\n");
}

TEST_CASE("a compressed body says how it was compressed") {
    http::RequestHead head(settings({.tls = false, .host = "h", .port = 80}));
    std::string out;
    REQUIRE(head.write({.target = "/", .headers = {}, .body = "12345", .content_encoding = "gzip"},
                       out));
    CHECK(out ==
          "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\n");
}

TEST_CASE("a GET without a body has no length, a POST has 0") {
    http::RequestHead head(settings({.tls = true, .host = "::1", .port = 443}));
    std::string out;
    REQUIRE(head.write({.method = "GET", .target = "/", .headers = {}, .body = ""}, out));
    CHECK(out == "GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n");
    REQUIRE(head.write({.method = "POST", .target = "/", .headers = {}, .body = ""}, out));
    CHECK(out == "POST / HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("through a plain proxy the target is absolute and the proxy's credentials go along") {
    auto with_proxy = settings({.tls = false, .host = "h", .port = 80});
    with_proxy.proxy = {.tls = false, .host = "proxy", .port = 3128};
    with_proxy.proxy_authorization = "Basic eA==";
    http::RequestHead head(with_proxy);
    std::string out;
    REQUIRE(head.write({.method = "GET", .target = "/x", .headers = {}, .body = ""}, out));
    CHECK(out == "GET http://h/x HTTP/1.1\r\nHost: h\r\nProxy-Authorization: Basic eA==\r\n\r\n");
    CHECK(head.connect().empty());
}

TEST_CASE("through a tunnel only CONNECT carries the proxy's credentials") {
    auto with_proxy = settings({.tls = true, .host = "h", .port = 443});
    with_proxy.proxy = {.tls = false, .host = "proxy", .port = 3128};
    with_proxy.proxy_authorization = "Basic eA==";
    http::RequestHead head(with_proxy);
    std::string out;
    REQUIRE(head.write({.method = "GET", .target = "/x", .headers = {}, .body = ""}, out));
    CHECK(out == "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(head.connect() ==
          "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\nProxy-Authorization: Basic eA==\r\n\r\n");
}

TEST_CASE("what would smuggle a header or a request is refused") {
    struct Row {
        std::string method = "POST";
        std::string target = "/";
        Headers headers;
    };
    auto const row = GENERATE(
        Row{"GET /x HTTP/1.1\r\nX", "/", {}}, Row{"", "/", {}}, Row{"POST", "", {}},
        Row{"POST", "x", {}}, Row{"POST", "/ HTTP/1.1\r\nX: y", {}}, Row{"POST", "/\r\n", {}},
        Row{"POST", "/", {{"X", "secret\r\nY: z"}}}, Row{"POST", "/", {{"X", "secret\n"}}},
        Row{"POST", "/", {{"X", std::string("secret\0", 7)}}}, Row{"POST", "/", {{"X\r\nY", "z"}}},
        Row{"POST", "/", {{"", "z"}}}, Row{"POST", "/", {{"content-length", "0"}}},
        Row{"POST", "/", {{"Transfer-Encoding", "chunked"}}}, Row{"POST", "/", {{"HOST", "x"}}},
        Row{"POST", "/", {{"Connection", "close"}}});
    http::RequestHead head(settings({.tls = false, .host = "h", .port = 80}));
    std::string out;
    auto const written = head.write(
        {.method = row.method, .target = row.target, .headers = row.headers, .body = ""}, out);
    REQUIRE_FALSE(written);
    CHECK(written.error().code == headrace::ErrorCode::invalid_argument);
    CHECK(written.error().message.find("secret") == std::string::npos);
}

TEST_CASE("headers are those of each request, whatever the last one's were") {
    http::RequestHead head(settings({.tls = false, .host = "h", .port = 80}));
    std::string out;
    std::string const begin = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n";
    auto const write = [&](Headers const& headers) {
        return head.write({.method = "POST", .target = "/", .headers = headers, .body = ""}, out);
    };
    for (int round = 0; round < 2; ++round) {
        REQUIRE(write({{"A", "1"}}));
        CHECK(out == begin + "A: 1\r\n\r\n");
        REQUIRE(write({{"A", "2"}, {"B", "3"}}));
        CHECK(out == begin + "A: 2\r\nB: 3\r\n\r\n");
        CHECK_FALSE(write({{"A", "2"}, {"B", "3\n"}}));
        CHECK_FALSE(write({{"A", "2"}, {"B", "3\n"}}));
        REQUIRE(write({}));
        CHECK(out == begin + "\r\n");
        REQUIRE(write({{"A", "2"}}));
        CHECK(out == begin + "A: 2\r\n\r\n");
    }
}
