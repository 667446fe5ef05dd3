#include "http/look_up.hpp"

#include "fake_names.hpp"
#include "run.hpp"

#include <catch2/catch_test_macros.hpp>

namespace http = headrace::http;
namespace asio = boost::asio;
using http::testing::FakeName;
using http::testing::run_until;

TEST_CASE("an address needs no look-up") {
    asio::io_context io;
    http::LookUp look_up(io.get_executor(), "::1", 8080);
    auto const answer = look_up.ask(std::make_shared<asio::steady_timer>(io));
    REQUIRE(answer->done);
    REQUIRE(answer->endpoints.size() == 1);
    CHECK(answer->endpoints[0].address().to_string() == "::1");
    CHECK(answer->endpoints[0].port() == 8080);
}

TEST_CASE("those who ask at the same time share a look-up and are all woken") {
    asio::io_context io;
    http::LookUp look_up(io.get_executor(), "localhost", 8080);
    int woken = 0;
    auto const waiter = [&] {
        auto wake = std::make_shared<asio::steady_timer>(io, asio::steady_timer::time_point::max());
        wake->async_wait([&woken](boost::system::error_code) { ++woken; });
        return wake;
    };
    auto const first = look_up.ask(waiter());
    auto const second = look_up.ask(waiter());
    CHECK(first == second);
    run_until(io, [&] { return woken == 2; });
    CHECK(first->done);
    CHECK_FALSE(first->error);
    CHECK_FALSE(first->endpoints.empty());
    CHECK(look_up.ask(waiter()) != first);
    run_until(io, [&] { return woken == 3; });
}

TEST_CASE("an unknown name is an answer with an error") {
    asio::io_context io;
    http::LookUp look_up(io.get_executor(), "no-such-host.invalid", 80);
    auto const answer = look_up.ask(std::make_shared<asio::steady_timer>(io));
    run_until(io, [&] { return answer->done; });
    CHECK(answer->error);
    CHECK(answer->endpoints.empty());
}

TEST_CASE("a look-up that hangs holds up neither another host's nor the end of the program") {
    FakeName hanging("hangs.test", {"127.0.0.1"});
    FakeName const other("other.test", {"127.0.0.2", "127.0.0.3"});
    hanging.hang();
    {
        asio::io_context io;
        http::LookUp stuck(io.get_executor(), "hangs.test", 80);
        http::LookUp look_up(io.get_executor(), "other.test", 80);
        auto const never = stuck.ask(std::make_shared<asio::steady_timer>(io));
        auto const answer = look_up.ask(std::make_shared<asio::steady_timer>(io));
        run_until(io, [&] { return answer->done; });
        REQUIRE(answer->endpoints.size() == 2);
        CHECK(answer->endpoints[1].address().to_string() == "127.0.0.3");
        CHECK_FALSE(never->done);
    }
    hanging.release();
}

TEST_CASE("a look-up that ends after it was given up changes nothing") {
    FakeName hanging("hangs.test", {"127.0.0.1"});
    hanging.hang();
    asio::io_context io;
    http::LookUp look_up(io.get_executor(), "hangs.test", 80);
    auto const answer = look_up.ask(std::make_shared<asio::steady_timer>(io));
    look_up.cancel();
    hanging.release();
    io.run_for(std::chrono::milliseconds(50));
    CHECK_FALSE(answer->done);
}
