// Routes that come, go and change in this process while records flow and the admin address is
// asked: for the sanitizers of threads and of memory. The built binary's test is
// tests/integration/reload_test.cpp.
#include "config/load.hpp"
#include "daemon.hpp"
#include "doubles.hpp"
#include "kafka/producer.hpp"
#include "streams.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <thread>

using namespace headrace;
using namespace headrace::commands;
using namespace headrace::commands_test;
using namespace std::chrono_literals;

namespace {

/// The route `clicks` with that batch size, and `documents` if it is wanted.
std::string config_text(Doubles const& doubles, int batch_size, bool with_documents) {
    auto text = tecton_config(doubles.cluster->bootstrap(), doubles.tecton_port);
    auto const end = std::string("\"}\nadmin");
    text.replace(text.find(end), end.size(),
                 "\", properties: {session.timeout.ms: 1000, heartbeat.interval.ms: 100}}\n"
                 "limits: {workers: 2, drain_secs: 5}\nadmin");
    text += "    batch: {batch_size: " + std::to_string(batch_size) + "}\n";
    if (!with_documents) return text;
    auto const other = milvus_config(doubles.cluster->bootstrap(), doubles.milvus_port);
    return text + other.substr(other.find("  - name: documents"));
}

struct World {
    World() {
        auto loaded = config::load_file(path, config::Environment::system());
        auto made = Daemon::make(std::get<config::Config>(std::move(loaded)),
                                 {.io = io,
                                  .clock = doubles.clock,
                                  .log = log,
                                  .service = {},
                                  .on_drained = [this] { io.stop(); },
                                  .config_file = path});
        REQUIRE(made);
        daemon = std::move(*made);
        REQUIRE(daemon->start());
    }
    void produce(int count) {
        auto made = kafka::Producer::make(doubles.cluster->bootstrap());
        REQUIRE(made);
        for (int i = 0; i != count; ++i) {
            auto const key = "user-" + std::to_string(i);
            REQUIRE((*made)->produce({.topic = "clicks",
                                      .partition = std::nullopt,
                                      .key = key,
                                      .value = "{}",
                                      .timestamp_ms = 0,
                                      .headers = {}}));
        }
        REQUIRE((*made)->flush(10s));
    }
    /// Turns the main loop until it comes true; fails after half a minute.
    template <class Condition>
    void until(Condition condition) {
        auto const deadline = doubles.clock.now() + 30s;
        while (!condition()) {
            REQUIRE(doubles.clock.now() < deadline);
            io.run_one_for(20ms);
        }
    }
    void reload(std::string const& text) {
        folder.write("c.yaml", text);
        auto const before = daemon->config_status();
        daemon->reload("a test");
        until([&] {
            auto const& now = daemon->config_status();
            return !now.is_reloading && now.successes + now.failures > before.successes;
        });
        CHECK(daemon->config_status().failures == 0);
    }

    Doubles doubles;
    Folder folder;
    std::string path = folder.write("c.yaml", config_text(doubles, 10, false));
    boost::asio::io_context io{1};
    ops::Log log{{.level = ops::LogLevel::error}, doubles.clock, 2};
    std::unique_ptr<Daemon> daemon;
};

}  // namespace

TEST_CASE("routes that come, go and change while everything is asked do not race") {
    World world;
    std::atomic<bool> is_over{false};
    std::atomic<bool> is_done{false};
    std::thread asking([&, admin = "127.0.0.1:" + std::to_string(world.daemon->admin_port())] {
        while (!is_over) {
            Captured captured;
            std::ignore = execute(HealthcheckCommand{.ready = true, .admin = admin, .config = {}},
                                  captured.streams);
        }
        is_done = true;
    });
    for (int round = 0; round != 3; ++round) {
        world.produce(100);
        world.reload(config_text(world.doubles, 3 + round, round % 2 == 0));
        CHECK(world.daemon->snapshots().size() == (round % 2 == 0 ? 2 : 1));
    }
    is_over = true;
    world.until([&] { return is_done.load(); });
    asking.join();
    world.daemon->drain();
    world.until([&] { return world.daemon->has_ended(); });
    CHECK(world.daemon->was_clean());
}
