#include "milvus_requests.hpp"
#include "server_client.hpp"
#include "tecton_requests.hpp"

#include <boost/asio/post.hpp>
#include <catch2/catch_test_macros.hpp>

#include <future>
#include <thread>

namespace headrace::emulator {
namespace {

namespace asio = boost::asio;

asio::awaitable<void> write_all(http::Client& client, int records) {
    for (int id = 0; id < records; ++id) {
        test::Exchange exchange;
        test::Headers const headers{{"Authorization", "Tecton-key demo-key"}};
        std::string body = test::ingest_body(test::click(id));
        co_await test::send(client, "POST", "/ingest", std::move(body), headers, exchange);
    }
}

}  // namespace

TEST_CASE("an emulator can be looked at from another thread while it serves") {
    constexpr int records = 200;
    SystemClock const clock;
    asio::io_context io(1);
    TectonServer server(io.get_executor(), http::ServerSettings{},
                        TectonEmulator(default_tecton_settings(), {clock.now(), clock.wall()}),
                        clock);
    auto const port = server.start();
    REQUIRE(port);
    http::Client client(io.get_executor(), test::client_settings(*port), clock);
    std::promise<void> written;
    asio::co_spawn(io, write_all(client, records),
                   [&](std::exception_ptr) { written.set_value(); });
    std::thread thread([&] { io.run(); });
    auto done = written.get_future();
    std::uint64_t seen = 0;
    while (done.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
        auto const now =
            server.inspect([](TectonEmulator& tecton) { return tecton.stats().records_written; });
        CHECK(now >= seen);
        seen = now;
    }
    asio::post(io, [&] {
        server.stop();
        io.stop();
    });
    thread.join();
    CHECK(server.inspect([](TectonEmulator& tecton) {
        return tecton.store().sources().at("clicks").ids.distinct();
    }) == records);
}

}  // namespace headrace::emulator
