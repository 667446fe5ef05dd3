#include "http/server.hpp"

#include <catch2/catch_test_macros.hpp>

namespace http = headrace::http;

TEST_CASE("a server request's header is found without regard to case") {
    http::ServerRequest request;
    request.headers = {{"Authorization", "x"}, {"authorization", "y"}};
    CHECK(request.header("AUTHORIZATION") == "x");
    CHECK(request.header("other").empty());
}

TEST_CASE("a target falls into path and query parameters") {
    http::ServerRequest request;
    request.target = "/a/b?x=1&y=a%20b+c&flag&%7Ak=z&x=2&bad=%zz%4&empty=";
    CHECK(request.path() == "/a/b");
    CHECK(request.query("x") == "1");
    CHECK(request.query("y") == "a b c");
    CHECK(request.query("flag").empty());
    CHECK(request.query("zk") == "z");
    CHECK(request.query("bad") == "%zz%4");
    CHECK(request.query("empty").empty());
    CHECK(request.query("absent").empty());
    request.target = "/a";
    CHECK(request.path() == "/a");
    CHECK(request.query("x").empty());
    request.target = "/?a=%4A%4a%fF";
    CHECK(request.query("a") == "JJ\xFF");
}
