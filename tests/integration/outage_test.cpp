// A destination that dies while records come in, as the destination sees it: how many requests it
// gets meanwhile, how soon the backlog moves again, and that other routes do not notice. The built
// binary, librdkafka's mock cluster, and the double of Tecton.
#include "harness/figures.hpp"
#include "harness/mock_scene.hpp"
#include "harness/reserved_port.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::integration {
namespace {

using namespace std::chrono_literals;
using emulator::FaultKind;
using emulator::FaultRule;

FaultRule dying_by(FaultKind kind) {
    FaultRule rule;
    rule.fault.kind = kind;
    rule.fault.wait_ms = 600'000;
    return rule;
}

/// Lets the destination die, writes a backlog, and lets it come back.
void check_outage(FaultKind kind, std::string const& name) {
    auto const outage = std::chrono::seconds(sized(3, 20));
    MockScene scene;
    scene.feed_clicks(0, 500);
    RunningDaemon daemon(
        scene.folder, "daemon",
        scene.tecton_config({.http = "{timeout_secs: " + std::to_string(sized(6, 30)) + "}",
                             .retry = "{probe_ms: 1000}"}));
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    SystemClock const clock;
    auto const requests_before = scene.emulators.tecton_stats().ingest_requests;
    scene.emulators.break_tecton(dying_by(kind));
    auto const back_at = clock.now() + outage;
    scene.feed_clicks(500, 4000);
    CHECK(await([&] { return clock.now() >= back_at; }));
    auto const requests = scene.emulators.tecton_stats().ingest_requests - requests_before;
    auto const written = scene.clicks_written();
    scene.emulators.mend_tecton();
    auto const mended_at = clock.now();
    scene.until(daemon, "the backlog moves", [&] { return scene.clicks_written() > written; });
    auto const moving = std::chrono::duration<double>(clock.now() - mended_at).count();
    scene.until_through(daemon);
    figure("outage." + name + ".requests", static_cast<double>(requests), "requests");
    figure("outage." + name + ".moving_again_after", moving, "s");
    // Nothing was in flight when it died.
    CHECK(requests <= 50);
    CHECK(written == 500);
    // Two seconds, and what a busy machine adds.
    CHECK(moving < 2 + 3);
    CHECK(scene.emulators.tecton_missing("clicks", 4500) == 0);
    CHECK(scene.dead_letters().empty());
    scene.until(daemon, "the daemon is ready", [&] { return daemon.is_ready(); });
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a destination that fails for some seconds sees few requests, and then soon the rest") {
    check_outage(FaultKind::status, "fails");
}

TEST_CASE("a destination that answers nothing for some seconds sees few requests too") {
    check_outage(FaultKind::stall, "silent");
}

TEST_CASE("a dead destination takes no speed from another route of the same daemon") {
    constexpr std::int64_t count = 12'000;
    ReservedPort const dead;
    MockScene scene;
    SystemClock const clock;
    scene.feed_documents(0, 4000);
    auto const seconds_for = [&](RunningDaemon& daemon, std::int64_t first) {
        auto const begun = clock.now();
        scene.feed_clicks(first, count);
        scene.until(daemon, "the clicks are written", [&] {
            return scene.clicks_written() >= static_cast<std::uint64_t>(first + count);
        });
        return std::chrono::duration<double>(clock.now() - begun).count();
    };
    double alone = 0;
    {
        RunningDaemon daemon(scene.folder, "alone", scene.tecton_config());
        REQUIRE(daemon.has_started());
        scene.until(daemon, "it reads", [&] { return daemon.is_ready(); });
        alone = seconds_for(daemon, 0);
        scene.until_through(daemon);
        CHECK(daemon.terminate() == 0);
    }
    auto text = scene.tecton_config();
    text +=
        "  - name: docs\n    source: {topics: [docs]}\n    destination: {type: milvus, url: "
        "\"http://127.0.0.1:" +
        std::to_string(dead.number()) +
        "\", collection: docs}\n    retry: {initial_ms: 20, probe_ms: 50}\n";
    RunningDaemon daemon(scene.folder, "beside", text);
    REQUIRE(daemon.has_started());
    scene.until(daemon, "the other route is broken",
                [&] { return daemon.state("docs") == "broken"; });
    scene.until(daemon, "this one has joined its group",
                [&] { return daemon.get("/readyz").body.find("clicks") == std::string::npos; });
    auto const beside = seconds_for(daemon, count);
    figure("dead_route.alone", alone, "s");
    figure("dead_route.beside", beside, "s");
    // Both runs share a busy machine: twice as long, and a second for its noise.
    CHECK(beside <= 2 * alone + 1);
    CHECK(daemon.state("docs") == "broken");
    CHECK(daemon.state("clicks") == "flowing");
    scene.until_through(daemon);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("20,000 records with 20 that are refused: 19,980 written, 20 dead letters, no lag") {
    MockScene scene;
    scene.feed.write_many(0, 20'000, [](std::int64_t id) {
        auto value = id % 1000 == 500 ? R"({"event_id":)" + std::to_string(id) + "}" : click(id);
        return FedRecord{.topic = "clicks", .key = std::to_string(id), .value = std::move(value)};
    });
    scene.feed.flush();
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_stats().records_acknowledged == 19'980);
    CHECK(scene.emulators.tecton_missing("clicks", 20'000) == 20);
    CHECK(scene.emulators.tecton_duplicates("clicks") == 0);
    auto const letters = scene.dead_letters();
    CHECK(letters.size() == 20);
    for (auto const& letter : letters) {
        CHECK(letter.header("headrace.reason") == "rejected");
    }
    CHECK(daemon.metric("headrace_consumer_lag_records") == 0);
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    // Batches of ten: at most 2 * log2(10) + 2 requests more for each.
    auto const refused = daemon.metric("headrace_write_errors_total", {{"reason", "rejected"}});
    CHECK(refused <= 20 * 5);
    CHECK(daemon.terminate() == 0);
}

}  // namespace
}  // namespace headrace::integration
