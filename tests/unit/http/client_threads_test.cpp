#include "client_fixture.hpp"
#include "http/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch_test_macros.hpp>

#include <future>
#include <thread>

namespace http = headrace::http;
namespace asio = boost::asio;

namespace {

asio::awaitable<http::ServerResponse> echo(http::ServerRequest& request) {
    http::ServerResponse response;
    response.body = request.body;
    co_return response;
}

/// Exchanges its own number again and again; counts the answers that are its own.
asio::awaitable<int> exchange_often(http::Client& client, int number) {
    int right = 0;
    http::Response response;
    for (int round = 0; round < 50; ++round) {
        auto const body = std::to_string(number) + ":" + std::to_string(round);
        http::Request const request{.method = "POST", .target = "/", .headers = {}, .body = body};
        auto const exchanged = co_await client.exchange(request, response);
        if (exchanged && response.body == body) ++right;
    }
    co_return right;
}

}  // namespace

TEST_CASE("64 exchanges at once from two threads each get their own answers from a third") {
    asio::io_context server_io;
    http::Server server(server_io.get_executor(), {}, echo);
    REQUIRE(server.start());
    auto settings = http::testing::settings_for(server.port());
    settings.connections_max = 64;
    std::thread serving([&] { server_io.run(); });

    auto const work = [&settings] {
        asio::io_context io;
        headrace::SystemClock const clock;
        http::Client client(io.get_executor(), settings, clock);
        std::vector<std::future<int>> counts;
        for (int number = 0; number < 64; ++number) {
            counts.push_back(asio::co_spawn(io, exchange_often(client, number), asio::use_future));
        }
        int right = 0;
        for (auto& count : counts) {
            while (count.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
                io.restart();
                io.run_one_for(http::testing::patience);
            }
            right += count.get();
        }
        return right;
    };
    auto first = std::async(std::launch::async, work);
    auto second = std::async(std::launch::async, work);
    CHECK(first.get() == 64 * 50);
    CHECK(second.get() == 64 * 50);
    asio::post(server_io, [&] { server.stop(); });
    serving.join();
}
