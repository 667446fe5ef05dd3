#include "ops/admin_server.hpp"

#include "fakes/manual_clock.hpp"
#include "sample_routes.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <string>

namespace headrace::ops {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

AdminSources sources() {
    return {.snapshots = [] { return std::vector{clicks_route()}; },
            .stalled_loops = [] { return std::vector<std::string>{}; },
            .version = "0.1.0"};
}

/// Sends `request` and reads until the server closes.
asio::awaitable<void> exchange(std::uint16_t port, std::string request, std::string& answer) {
    constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
    tcp::socket socket(co_await asio::this_coro::executor);
    auto const [failed] =
        co_await socket.async_connect({asio::ip::address_v4::loopback(), port}, as_values);
    if (failed) co_return;
    co_await asio::async_write(socket, asio::buffer(request), as_values);
    for (char buffer[4096];;) {
        auto const [error, size] = co_await socket.async_read_some(asio::buffer(buffer), as_values);
        if (error) co_return;
        answer.append(buffer, size);
    }
}

struct Fixture {
    asio::io_context io;
    fakes::ManualClock clock;
    AdminServer server{io.get_executor(), {.address = "127.0.0.1", .port = 0}, sources(), clock};

    std::string ask(std::string const& request) {
        std::string answer;
        bool is_done = false;
        asio::co_spawn(io, exchange(server.port(), request, answer),
                       [&](std::exception_ptr const&) { is_done = true; });
        auto const limit = std::chrono::seconds(10);
        while (!is_done && io.run_one_for(limit) != 0) {
        }
        CHECK(is_done);
        return answer;
    }
};

}  // namespace

TEST_CASE("the admin address answers over HTTP") {
    Fixture f;
    REQUIRE(f.server.start().has_value());
    REQUIRE(f.server.port() != 0);
    std::string const answer =
        f.ask("GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.ends_with("\r\n\r\n[]\n"));
    CHECK(answer.find("Cache-Control: no-store\r\n") != std::string::npos);
    f.server.stop();
}

TEST_CASE("HEAD tells the length and sends no body") {
    Fixture f;
    REQUIRE(f.server.start().has_value());
    std::string const answer =
        f.ask("HEAD /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.ends_with("\r\n\r\n"));
    CHECK(answer.find("Content-Length: ") != std::string::npos);
    CHECK(answer.find("Content-Length: 0\r\n") == std::string::npos);
    f.server.stop();
}

TEST_CASE("a request that is no HTTP does not disturb the next one") {
    Fixture f;
    REQUIRE(f.server.start().has_value());
    f.ask(std::string("\0\xFF\r\n\r\n", 6));
    CHECK(f.ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
              .starts_with("HTTP/1.1 405 "));
    f.server.stop();
}

TEST_CASE("a port that is in use is an error that names the setting") {
    Fixture f;
    REQUIRE(f.server.start().has_value());
    AdminServer second(f.io.get_executor(), {.address = "127.0.0.1", .port = f.server.port()},
                       sources(), f.clock);
    auto const started = second.start();
    REQUIRE_FALSE(started.has_value());
    CHECK(started.error().message.starts_with("admin.listen: "));
    CHECK(started.error().message.find(std::to_string(f.server.port())) != std::string::npos);
    f.server.stop();
}

}  // namespace headrace::ops
