#include "http/plain_answer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <string>

using headrace::http::read_plain_answer;
using headrace::http::Response;

namespace {

constexpr std::size_t plenty = 1 << 20;
std::string const plain =
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type:application/json\r\nX:\r\n\r\n{}";

}  // namespace

TEST_CASE("a plain answer is read, and what stood in the response before is gone") {
    Response response{.status = 500,
                      .headers = std::vector<std::pair<std::string, std::string>>(9),
                      .body = "what was there before"};
    CHECK(read_plain_answer(plain + "rest", plenty, response) == plain.size());
    CHECK(response.status == 200);
    CHECK(response.body == "{}");
    REQUIRE(response.headers.size() == 3);
    CHECK(response.header("content-length") == "2");
    CHECK(response.header("content-type") == "application/json");
    CHECK(response.header("x") == "");
}

TEST_CASE("an answer that says that the connection is kept is plain") {
    Response response;
    std::string const answer =
        "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 2\r\nConnection: Keep-Alive\r\n\r\n{}";
    CHECK(read_plain_answer(answer, plenty, response) == answer.size());
    CHECK(response.header("connection") == "Keep-Alive");
}

TEST_CASE("an answer that is not whole is left alone, however much of it is there") {
    Response response;
    for (std::size_t size = 0; size < plain.size(); ++size)
        CHECK_FALSE(read_plain_answer(plain.substr(0, size), plenty, response));
}

TEST_CASE("an answer beyond the limit is left alone") {
    Response response;
    CHECK(read_plain_answer(plain, plain.size(), response));
    CHECK_FALSE(read_plain_answer(plain, plain.size() - 1, response));
}

TEST_CASE("what is not plain is left to the parser that knows it all") {
    auto const head = GENERATE(
        as<std::string>{}, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n",
        "HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n",
        "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n", "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n",
        "HTTP/1.1 200\tOK\r\nContent-Length: 2\r\n", "HTTP/1.1 200 O\x80K\r\nContent-Length: 2\r\n",
        "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 3\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2,2\r\n", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2 \r\n", "HTTP/1.1 200 OK\r\nContent-Length:\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551618\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive, close\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection:\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nUpgrade: h2c\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\ntransfer-encoding: x\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: a\r\n b\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: a\nY: b\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: a\rb\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n: nameless\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nno colon\r\n");
    Response response;
    CHECK_FALSE(read_plain_answer(head + "\r\n{}", plenty, response));
}

TEST_CASE("a head too long or with too many fields is left to the parser that has the limits") {
    Response response;
    std::string const begin = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
    CHECK(read_plain_answer(begin + "X: " + std::string(3000, 'x') + "\r\n\r\n", plenty, response));
    CHECK_FALSE(
        read_plain_answer(begin + "X: " + std::string(5000, 'x') + "\r\n\r\n", plenty, response));
    std::string many = begin;
    for (int i = 0; i < 64; ++i)
        many += "X: y\r\n";
    CHECK_FALSE(read_plain_answer(many + "\r\n", plenty, response));
}
