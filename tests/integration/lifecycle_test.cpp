// How the built binary starts, waits and ends: bad configurations, peers that are not there, dead
// letters with nowhere to go, and every way to leave.
#include "harness/mock_scene.hpp"
#include "harness/reserved_port.hpp"

#include <catch2/catch_test_macros.hpp>

#include <csignal>

namespace headrace::integration {
namespace {

using namespace std::chrono_literals;
using emulator::FaultKind;
using emulator::FaultRule;

FaultRule of_kind(FaultKind kind) {
    FaultRule rule;
    rule.fault.kind = kind;
    return rule;
}

FaultRule hang() {
    auto rule = of_kind(FaultKind::stall);
    rule.fault.wait_ms = 600'000;
    return rule;
}

FaultRule slow() {
    auto rule = of_kind(FaultKind::latency);
    rule.fault.p50_ms = 30;
    return rule;
}

TEST_CASE("a bad configuration ends with 78 and tells every error at once, with its place") {
    TemporaryFolder const folder;
    auto const file = folder.write("bad.yaml", R"(kafka: {bootstrap_servers: "127.0.0.1:1"}
routes:
  - name: clicks
    source: {topics: [clicks], ordr: key}
    destination:
      type: tecton
      url: http://127.0.0.1:1/ingest
      api_key: ${file:)" + (folder.path() / "absent").string() +
                                                   R"(}
      stream_source_name: clicks
    batch: {batch_size: 11, linger_ms: 50ms}
)");
    auto const ended = run_binary(folder, {"run", "--config", file});
    INFO(ended.output);
    CHECK(ended.exit_code == 78);
    for (auto const* const expected : {":4:", "ordr", "did you mean order?", ":8:", "absent",
                                       "workspace_name", ":10:", "batch_size", "linger_ms"}) {
        INFO(expected);
        CHECK(ended.output.find(expected) != std::string::npos);
    }
    CHECK(run_binary(folder, {"validate", "--config", file}).exit_code == 78);
}

TEST_CASE("an admin port that is in use ends with 1 and says which") {
    ReservedPort const taken;
    taken.listen();
    MockScene scene;
    auto text = scene.tecton_config();
    auto const address = "127.0.0.1:" + std::to_string(taken.number());
    text.replace(text.find("127.0.0.1:0}"), 11, address);
    RunningDaemon daemon(scene.folder, "daemon", text);
    CHECK(daemon.process().wait(patience) == 1);
    INFO(daemon.log());
    CHECK(daemon.has_logged(std::to_string(taken.number())));
}

TEST_CASE("brokers that are not there at start: it runs, says so, and goes on when they come") {
    MockScene scene;
    scene.feed_clicks(0, 100);
    scene.cluster->stop_brokers();
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    scene.until(daemon, "it says so", [&] { return daemon.has_logged("kafka_trouble"); });
    scene.until(daemon, "the metrics say so",
                [&] { return daemon.metric("headrace_kafka_trouble") == 1; });
    CHECK(daemon.metric("headrace_route_joined") == 0);
    CHECK(daemon.get("/readyz").status == 503);
    CHECK(daemon.get("/healthz").status == 200);
    scene.cluster->start_brokers();
    scene.until(daemon, "everything is written",
                [&] { return scene.emulators.tecton_missing("clicks", 100) == 0; });
    scene.until_through(daemon);
    scene.until(daemon, "the daemon is ready", [&] { return daemon.is_ready(); });
    scene.until(daemon, "the trouble is over",
                [&] { return daemon.metric("headrace_kafka_trouble") == 0; });
    CHECK(daemon.metric("headrace_route_joined") == 1);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a destination that is not there at start: broken until it comes, nothing is lost") {
    ReservedPort const port;
    MockScene scene;
    scene.feed_clicks(0, 100);
    auto text = scene.tecton_config();
    auto const url = scene.emulators.tecton_url();
    text.replace(text.find(url), url.size(),
                 "http://127.0.0.1:" + std::to_string(port.number()) + "/ingest");
    RunningDaemon daemon(scene.folder, "daemon", text);
    REQUIRE(daemon.has_started());
    scene.until(daemon, "the breaker opens", [&] { return daemon.state("clicks") == "broken"; });
    CHECK(daemon.get("/readyz").status == 503);
    CHECK(daemon.get("/healthz").status == 200);
    CHECK(daemon.metric("headrace_write_errors_total", {{"reason", "connection"}}) >= 5);
    CHECK(scene.committed() == 0);
    Emulators late({.tecton_port = port.number()});
    scene.until_through(daemon);
    CHECK(late.tecton_missing("clicks", 100) == 0);
    scene.until(daemon, "the daemon is ready", [&] { return daemon.is_ready(); });
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("records that arrive while the destination is away count as lag, read or not") {
    ReservedPort const port;
    MockScene scene;
    RouteText route;
    // Far less room than the records take: most of them stay in Kafka.
    route.batch = "{bytes: 64KiB}";
    route.limits = "{drain_secs: 20, workers: 1, memory: 2MiB}";
    auto text = scene.tecton_config(route);
    auto const url = scene.emulators.tecton_url();
    text.replace(text.find(url), url.size(),
                 "http://127.0.0.1:" + std::to_string(port.number()) + "/ingest");
    scene.feed_clicks(0, 8'000);
    RunningDaemon daemon(scene.folder, "daemon", text);
    REQUIRE(daemon.has_started());
    auto const lag = [&] { return daemon.metric("headrace_consumer_lag_records"); };
    scene.until(daemon, "the breaker opens", [&] { return daemon.state("clicks") == "broken"; });
    scene.until(daemon, "all is lag", [&] { return lag() == 8'000; });
    scene.feed_clicks(8'000, 4'000);
    scene.until(daemon, "what came since is lag", [&] { return lag() == 12'000; });
    CHECK(daemon.metric("headrace_records_read_total") < 4'000);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE(
    "without a dead-letter topic a record that needs one stops its route and nothing is lost") {
    MockScene scene;
    for (std::int64_t id = 0; id != 20; ++id) {
        scene.feed.write({.topic = "clicks",
                          .key = std::to_string(id),
                          .value = id == 5 ? "not json" : click(id),
                          .partition = 0});
    }
    scene.feed.flush();
    {
        RunningDaemon daemon(scene.folder, "stopped", scene.tecton_config({.dead_letters = ""}));
        REQUIRE(daemon.has_started());
        scene.until(daemon, "the route stops", [&] { return daemon.state("clicks") == "stopped"; });
        auto const readiness = daemon.get("/readyz");
        CHECK(readiness.status == 503);
        CHECK(readiness.body.find("clicks: stopped") != std::string::npos);
        CHECK(daemon.get("/healthz").status == 200);
        CHECK(daemon.has_logged("route_stopped"));
        scene.until(daemon, "the prefix is committed", [&] { return scene.committed() == 5; });
        CHECK(daemon.metric("headrace_records_unaccounted") == 0);
        CHECK(daemon.terminate() == 0);
        CHECK(scene.committed() == 5);
    }
    RunningDaemon daemon(scene.folder, "mended", scene.tecton_config());
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", 20) == 1);
    REQUIRE(scene.dead_letters().size() == 1);
    CHECK(scene.dead_letters()[0].header("headrace.offset") == "5");
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a dead-letter topic that is created later sets a stopped route going") {
    MockScene scene;
    scene.feed_one({.topic = "clicks", .key = "k", .value = "not json"});
    scene.feed_clicks(0, 20);
    scene.cluster->fail_topic("dead-letters", 3);
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    scene.until(daemon, "the route stops", [&] { return daemon.state("clicks") == "stopped"; });
    CHECK(!scene.is_through());
    scene.cluster->fail_topic("dead-letters", 0);
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", 20) == 0);
    CHECK(scene.dead_letters().size() == 1);
    scene.until(daemon, "the daemon is ready", [&] { return daemon.is_ready(); });
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a record that is larger than a request may be is dead-lettered at encode") {
    MockScene scene;
    auto large = click(3);
    large.insert(large.size() - 1, R"(,"payload":")" + std::string(8000, 'x') + '"');
    for (std::int64_t id = 0; id != 8; ++id) {
        scene.feed.write({.topic = "clicks",
                          .key = std::to_string(id),
                          .value = id == 3 ? large : click(id),
                          .partition = 0});
    }
    scene.feed.flush();
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config({.batch = "{bytes: 4KiB}"}));
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    CHECK(scene.clicks_written() == 7);
    auto const letters = scene.dead_letters();
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].value == large);
    CHECK(letters[0].header("headrace.stage") == "encode");
    CHECK(letters[0].header("headrace.reason") == "too_large");
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("SIGTERM under load drains: exit 0, and the next run writes nothing twice") {
    MockScene scene;
    scene.emulators.break_tecton(slow());
    scene.feed_clicks(0, 3000);
    auto const text = scene.tecton_config({.http = "{concurrency: 4}"});
    for (std::uint64_t const until : {500U, 1200U}) {
        RunningDaemon daemon(scene.folder, "drained", text);
        REQUIRE(daemon.has_started());
        scene.until(daemon, "some are written", [&] { return scene.clicks_written() >= until; });
        CHECK(daemon.terminate() == 0);
        CHECK(daemon.has_logged("every request that was sent is resolved"));
        CHECK(!scene.is_through());
        CHECK(scene.committed() <= static_cast<std::int64_t>(scene.clicks_written()));
    }
    RunningDaemon daemon(scene.folder, "last", text);
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", 3000) == 0);
    CHECK(scene.emulators.tecton_duplicates("clicks") == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE(
    "SIGTERM with a hung destination ends with 1 within drain_secs and commits nothing open") {
    constexpr auto drain = 2s;
    MockScene scene;
    scene.emulators.break_tecton(hang());
    scene.feed_clicks(0, 100);
    RunningDaemon daemon(scene.folder, "daemon",
                         scene.tecton_config({.limits = "{drain_secs: 2, workers: 2}"}));
    REQUIRE(daemon.has_started());
    scene.until(daemon, "requests hang",
                [&] { return scene.emulators.tecton_stats().unanswered > 0; });
    SystemClock const clock;
    auto const before = clock.now();
    CHECK(daemon.terminate() == 1);
    // One second is kept for loops that do not come round, the rest is for the sanitizers.
    CHECK(clock.now() - before < drain + 8s);
    CHECK(scene.committed() == 0);
    scene.emulators.mend_tecton();
    RunningDaemon next(scene.folder, "next", scene.tecton_config());
    REQUIRE(next.has_started());
    scene.until_through(next);
    CHECK(scene.emulators.tecton_missing("clicks", 100) == 0);
    CHECK(next.terminate() == 0);
}

TEST_CASE("SIGTERM while the destination is blocked ends cleanly and gives everything back") {
    MockScene scene;
    scene.emulators.tecton([](auto& logic) { logic.remove_workspace("prod"); });
    scene.feed_clicks(0, 100);
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    scene.until(daemon, "the route is blocked",
                [&] { return daemon.state("clicks") == "blocked"; });
    CHECK(daemon.terminate() == 0);
    CHECK(scene.committed() == 0);
}

TEST_CASE("a second SIGTERM leaves at once with 1") {
    MockScene scene;
    scene.emulators.break_tecton(hang());
    scene.feed_clicks(0, 100);
    RunningDaemon daemon(scene.folder, "daemon",
                         scene.tecton_config({.limits = "{drain_secs: 3600, workers: 2}"}));
    REQUIRE(daemon.has_started());
    scene.until(daemon, "requests hang",
                [&] { return scene.emulators.tecton_stats().unanswered > 0; });
    daemon.process().signal(SIGTERM);
    scene.until(daemon, "it drains", [&] { return daemon.has_logged("event=draining"); });
    CHECK(daemon.process().is_running());
    CHECK(daemon.terminate() == 1);
    CHECK(scene.committed() == 0);
}

TEST_CASE("SIGINT drains as SIGTERM does, SIGHUP does not end the daemon") {
    MockScene scene;
    scene.feed_clicks(0, 10);
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    daemon.process().signal(SIGHUP);
    scene.until(daemon, "SIGHUP is heard", [&] { return daemon.has_logged("event=reloaded"); });
    scene.until_through(daemon);
    daemon.process().signal(SIGINT);
    CHECK(daemon.process().wait(patience) == 0);
}

}  // namespace
}  // namespace headrace::integration
