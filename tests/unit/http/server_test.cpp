#include "http/server.hpp"

#include "run.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <stdexcept>

namespace http = headrace::http;
namespace asio = boost::asio;
using asio::ip::tcp;
using http::testing::run;
using http::testing::run_until;
using http::testing::Started;
using namespace std::chrono_literals;

namespace {

constexpr auto wait_for = asio::as_tuple(asio::use_awaitable);

/// Answers with what it was asked; some paths are special.
asio::awaitable<http::ServerResponse> echo(http::ServerRequest& request) {
    http::ServerResponse response;
    response.content_type = "text/plain";
    response.body = request.method + " " + request.target + " " + request.body;
    auto const path = request.path();
    if (path == "/throw") throw std::runtime_error("secret");
    if (path == "/inject") response.headers.emplace_back("X", "a\r\nY: b");
    if (path == "/empty") response.status = 204;
    if (path == "/chunked") response.delivery = http::Delivery::chunked;
    if (path == "/bytes") response.delivery = http::Delivery::byte_by_byte;
    if (path == "/truncated") response.delivery = http::Delivery::truncated;
    if (path == "/reset") response.delivery = http::Delivery::reset;
    if (path == "/close_after") response.delivery = http::Delivery::close_after;
    if (path == "/large") response.body.assign(64U << 20, 'x');
    if (path == "/stall") {
        asio::steady_timer never(co_await asio::this_coro::executor);
        never.expires_at(asio::steady_timer::time_point::max());
        co_await never.async_wait(asio::use_awaitable);
    }
    co_return response;
}

struct Fixture {
    explicit Fixture(http::ServerSettings settings = {})
        : server(io.get_executor(), settings, echo) {
        REQUIRE(server.start());
    }
    ~Fixture() {
        server.stop();
        io.restart();
        io.run();
    }
    Fixture(Fixture const&) = delete;
    Fixture& operator=(Fixture const&) = delete;

    tcp::socket connect() {
        tcp::socket socket(io);
        socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), server.port()));
        return socket;
    }

    asio::io_context io;
    http::Server server;
};

struct Heard {
    std::string text;
    boost::system::error_code end;
};

asio::awaitable<Heard> read_to_end(tcp::socket& socket) {
    Heard heard;
    auto const [error, count] =
        co_await asio::async_read(socket, asio::dynamic_buffer(heard.text), wait_for);
    heard.end = error;
    co_return heard;
}

/// Sends and reads until the server closes.
asio::awaitable<Heard> talk(tcp::socket socket, std::string text) {
    co_await asio::async_write(socket, asio::buffer(text), wait_for);
    co_return co_await read_to_end(socket);
}

Heard talk(Fixture& fixture, std::string const& text) {
    return run(fixture.io, talk(fixture.connect(), text));
}

std::string last_get(std::string const& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
}

}  // namespace

TEST_CASE("requests on one connection are answered in order, also when they are sent at once") {
    Fixture fixture;
    auto const heard = talk(fixture,
                            "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
                            "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" +
                                last_get("/3"));
    CHECK(heard.text ==
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nGET /1 "
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n\r\nPOST /2 abc"
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n"
          "Connection: close\r\n\r\nGET /3 ");
    CHECK(heard.end == asio::error::eof);
}

TEST_CASE("HEAD is answered without the body but with its length") {
    Fixture fixture;
    auto const heard = talk(fixture, "HEAD /1 HTTP/1.1\r\nConnection: close\r\n\r\n");
    CHECK(heard.text.find("Content-Length: 8\r\n") != std::string::npos);
    CHECK(heard.text.ends_with("\r\n\r\n"));
}

TEST_CASE("an HTTP/1.0 client gets its answer and the end of the connection") {
    Fixture fixture;
    auto const heard = talk(fixture, "GET /chunked HTTP/1.0\r\n\r\n");
    CHECK(heard.text.ends_with("GET /chunked "));
    CHECK(heard.text.find("chunked\r\n") == std::string::npos);
}

TEST_CASE("a client that waits for 100 Continue is told to go on") {
    Fixture fixture;
    auto const heard = talk(fixture,
                            "POST / HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\n"
                            "Content-Length: 100000\r\n\r\n" +
                                std::string(100000, 'x'));
    CHECK(heard.text.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"));
}

TEST_CASE("a chunked request is read whole") {
    Fixture fixture;
    auto const heard = talk(fixture,
                            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
                            "\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
    CHECK(heard.text.ends_with("POST / abc"));
}

TEST_CASE("an empty chunked body that comes byte by byte is read") {
    Fixture fixture;
    auto socket = fixture.connect();
    socket.set_option(tcp::no_delay(true));
    asio::write(socket, asio::buffer(std::string("POST /x HTTP/1.1\r\nConnection: close\r\n"
                                                 "Transfer-Encoding: chunked\r\n\r\n")));
    for (char const byte : std::string("0\r\n\r\n")) {
        asio::write(socket, asio::buffer(&byte, 1));
        fixture.io.restart();
        fixture.io.run_for(1ms);
    }
    CHECK(run(fixture.io, read_to_end(socket)).text.ends_with("POST /x "));
}

TEST_CASE("a body over the limit is 413 and the end of the connection") {
    Fixture fixture({.body_bytes_max = 1000});
    auto const body = GENERATE(
        "Content-Length: 200000\r\n\r\n" + std::string(200000, 'x'),
        std::string("Content-Length: 1001\r\n\r\n"),
        "Transfer-Encoding: chunked\r\n\r\n30D40\r\n" + std::string(200000, 'x') + "\r\n0\r\n\r\n");
    auto socket = fixture.connect();
    Started<Heard> heard(
        fixture.io, talk(std::move(socket), "POST / HTTP/1.1\r\nConnection: close\r\n" + body));
    auto const text = heard.finish().text;
    CHECK(text.starts_with("HTTP/1.1 413 "));
    CHECK(text.find("1000 bytes") != std::string::npos);
}

TEST_CASE("what is not a request is 400 and the end of the connection") {
    Fixture fixture;
    auto const* const text = GENERATE(
        "FOO\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n", "GET / HTTP/3.0\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n");
    Started<Heard> heard(fixture.io, talk(fixture.connect(), text));
    // The server lets go once the client has had its answer and closes, or after a while.
    CHECK(talk(fixture, last_get("/still-there")).text.starts_with("HTTP/1.1 200"));
    CHECK(heard.finish().text.starts_with("HTTP/1.1 400 "));
}

TEST_CASE("an endless head is 431") {
    Fixture fixture;
    auto const heard =
        talk(fixture, "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
    CHECK(heard.text.starts_with("HTTP/1.1 431 "));
}

TEST_CASE("a handler that throws or answers what cannot be sent is 500 without its cause") {
    Fixture fixture;
    auto const* const path = GENERATE("/throw", "/inject");
    auto const heard = talk(fixture, last_get(path));
    CHECK(heard.text.starts_with("HTTP/1.1 500 "));
    CHECK(heard.text.find("secret") == std::string::npos);
    CHECK(heard.text.find("Y: b") == std::string::npos);
}

TEST_CASE("every form of delivery puts on the wire what it says") {
    Fixture fixture;
    SECTION("chunked") {
        auto const text = talk(fixture, last_get("/chunked")).text;
        CHECK(text.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
        CHECK(text.ends_with("5\r\nGET /\r\n5\r\nchunk\r\n3\r\ned \r\n0\r\n\r\n"));
    }
    SECTION("byte by byte") {
        CHECK(talk(fixture, last_get("/bytes")).text.ends_with("\r\n\r\nGET /bytes "));
    }
    SECTION("truncated") {
        auto const heard = talk(fixture, "GET /truncated HTTP/1.1\r\n\r\n");
        CHECK(heard.text.find("Content-Length: 15\r\n") != std::string::npos);
        CHECK(heard.text.ends_with("\r\n\r\nGET /tr"));
    }
    SECTION("reset") {
        auto const heard = talk(fixture, "GET /reset HTTP/1.1\r\n\r\n");
        CHECK(heard.text.empty());
        CHECK(heard.end == asio::error::connection_reset);
    }
    SECTION("close after") {
        auto const heard = talk(fixture, "GET /close_after HTTP/1.1\r\n\r\n");
        CHECK(heard.text.find("Connection") == std::string::npos);
        CHECK(heard.text.ends_with("GET /close_after "));
    }
    SECTION("no content") {
        auto const heard = talk(fixture, last_get("/empty"));
        CHECK(heard.text == "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    }
}

TEST_CASE("stop ends handlers that wait for ever, open connections and the listener") {
    Fixture fixture;
    Started<Heard> stalled(fixture.io, talk(fixture.connect(), "GET /stall HTTP/1.1\r\n\r\n"));
    Started<Heard> idle(fixture.io, talk(fixture.connect(), ""));
    Started<Heard> half(fixture.io, talk(fixture.connect(), "GET / HT"));
    run_until(fixture.io, [&] { return fixture.server.connections() == 3; });
    fixture.io.poll();
    fixture.server.stop();
    stalled.finish();
    idle.finish();
    half.finish();
    run_until(fixture.io, [&] { return fixture.server.connections() == 0; });
    fixture.io.restart();
    fixture.io.run();
    tcp::socket socket(fixture.io);
    boost::system::error_code error;
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), fixture.server.port()), error);
    CHECK(error == asio::error::connection_refused);
}

TEST_CASE("a client that sends nothing, or a head without an end, is cut off after idle_timeout") {
    Fixture fixture({.idle_timeout = 50ms});
    auto const* const begin = GENERATE("", "GET / HTTP/1.1\r\nX: y\r\n",
                                       "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc");
    auto const heard = talk(fixture, begin);
    CHECK(heard.text.empty());
    CHECK(heard.end);
}

TEST_CASE("a client that does not read its answer is cut off after idle_timeout") {
    Fixture fixture({.idle_timeout = 50ms});
    auto socket = fixture.connect();
    asio::write(socket, asio::buffer(std::string("GET /large HTTP/1.1\r\n\r\n")));
    run_until(fixture.io, [&] { return fixture.server.connections() == 1; });
    run_until(fixture.io, [&] { return fixture.server.connections() == 0; });
}

TEST_CASE("a handler that waits for ever is ended some time after its client has gone") {
    Fixture fixture({.idle_timeout = 20ms, .abandoned_timeout = 20ms});
    auto socket = fixture.connect();
    asio::write(socket, asio::buffer(std::string("GET /stall HTTP/1.1\r\n\r\n")));
    run_until(fixture.io, [&] { return fixture.server.connections() == 1; });
    socket.close();
    run_until(fixture.io, [&] { return fixture.server.connections() == 0; });
}

TEST_CASE("connections over the cap are told so and closed") {
    Fixture fixture({.connections_max = 1});
    auto first = fixture.connect();
    run_until(fixture.io, [&] { return fixture.server.connections() == 1; });
    auto const heard = talk(fixture, "");
    CHECK(heard.text.starts_with("HTTP/1.1 503 "));
    CHECK(fixture.server.connections() == 1);
    first.close();
    run_until(fixture.io, [&] { return fixture.server.connections() == 0; });
    CHECK(talk(fixture, last_get("/")).text.starts_with("HTTP/1.1 200"));
}

TEST_CASE("close_idle ends connections between requests and no others") {
    Fixture fixture;
    Started<Heard> stalled(fixture.io, talk(fixture.connect(), "GET /stall HTTP/1.1\r\n\r\n"));
    Started<Heard> idle(fixture.io, talk(fixture.connect(), "GET / HTTP/1.1\r\n\r\n"));
    run_until(fixture.io, [&] { return fixture.server.connections() == 2; });
    // Both requests are read: until then both connections are idle.
    fixture.io.restart();
    fixture.io.poll();
    while (!idle.is_done()) {
        fixture.server.close_idle();
        fixture.io.restart();
        fixture.io.run_one_for(10ms);
    }
    CHECK_FALSE(stalled.is_done());
    CHECK(fixture.server.connections() == 1);
}

TEST_CASE("an address that cannot be listened on is an error with address and cause") {
    asio::io_context io;
    auto const error_of = [&](http::ServerSettings const& settings) {
        http::Server server(io.get_executor(), settings, echo);
        auto const started = server.start();
        REQUIRE_FALSE(started);
        return started.error();
    };
    Fixture fixture;
    auto const port = std::to_string(fixture.server.port());
    auto const taken = error_of({.port = fixture.server.port()});
    CHECK(taken.message.find("127.0.0.1:" + port) != std::string::npos);
    CHECK(taken.message.find("port " + port + " is in use") != std::string::npos);
    auto const unknown = error_of({.address = "nowhere"});
    CHECK(unknown.code == headrace::ErrorCode::invalid_config);
    auto const foreign = error_of({.address = "192.0.2.1"});
    CHECK(foreign.message.find("192.0.2.1:0") != std::string::npos);
}

TEST_CASE("a server listens on the name localhost") {
    asio::io_context io;
    http::Server server(io.get_executor(), {.address = "localhost"}, echo);
    CHECK(server.start());
    CHECK(server.port() != 0);
}

TEST_CASE("a server that goes away while a handler waits leaves nothing behind") {
    asio::io_context io;
    auto server = std::make_unique<http::Server>(io.get_executor(), http::ServerSettings{}, echo);
    REQUIRE(server->start());
    tcp::socket socket(io);
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), server->port()));
    asio::write(socket, asio::buffer(std::string("GET /stall HTTP/1.1\r\n\r\n")));
    run_until(io, [&] { return server->connections() == 1; });
    SECTION("and the context runs on") {
        server.reset();
        io.restart();
        io.run();
    }
    SECTION("and the context goes too") {
        server.reset();
    }
}
