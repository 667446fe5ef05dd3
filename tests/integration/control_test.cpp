// The control socket and `headrace route` with the built binary: what a pause, a resume and a drain
// do to the records, and what is told when they cannot be done.
#include "harness/mock_scene.hpp"

#include <catch2/catch_test_macros.hpp>

#include <csignal>
#include <sys/stat.h>

namespace headrace::integration {
namespace {

using namespace std::chrono_literals;
using emulator::FaultKind;
using emulator::FaultRule;

FaultRule of_kind(FaultKind kind, int wait_ms = 0) {
    FaultRule rule;
    rule.fault.kind = kind;
    rule.fault.wait_ms = wait_ms;
    return rule;
}

bool has(Ended const& ended, std::string const& text) {
    return ended.output.find(text) != std::string::npos;
}

/// A scene whose daemon can be talked to.
struct ControlledScene : MockScene {
    RouteText text{.control = socket_path()};
};

TEST_CASE("a paused route writes nothing more until it is resumed, and stays in its group") {
    ControlledScene scene;
    scene.feed_clicks(0, 300);
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config(scene.text));
    REQUIRE(daemon.has_started());
    scene.until(daemon, "some are written", [&] { return scene.clicks_written() > 0; });
    auto const paused = scene.route("pause");
    INFO(paused.output);
    CHECK(paused.exit_code == 0);
    CHECK(has(paused, "clicks: paused"));
    CHECK(daemon.state("clicks") == "paused");
    CHECK(daemon.is_ready());
    auto const written = scene.clicks_written();
    CHECK(scene.committed() == static_cast<std::int64_t>(written));
    auto const requests = daemon.metric("headrace_write_requests_total");
    scene.feed_clicks(300, 200);
    scene.until(daemon, "the new records are seen as lag", [&] {
        return daemon.metric("headrace_consumer_lag_records") >= 500 - static_cast<double>(written);
    });
    CHECK(scene.clicks_written() == written);
    CHECK(daemon.metric("headrace_write_requests_total") == requests);
    CHECK(scene.route("pause").exit_code == 0);

    CHECK(scene.route("resume").exit_code == 0);
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", 500) == 0);
    CHECK(scene.emulators.tecton_duplicates("clicks") == 0);
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    CHECK(scene.route("resume").exit_code == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a drained route leaves its partitions to a second instance and can join again") {
    ControlledScene scene;
    FaultRule slow = of_kind(FaultKind::latency);
    slow.fault.p50_ms = 30;
    scene.emulators.break_tecton(slow);
    scene.feed_clicks(0, 2000);
    auto text = scene.text;
    text.http = "{concurrency: 4}";
    RunningDaemon first(scene.folder, "first", scene.tecton_config(text));
    REQUIRE(first.has_started());
    scene.until(first, "some are written", [&] { return scene.clicks_written() > 100; });
    auto const drained = scene.route("drain");
    INFO(drained.output);
    INFO(first.story());
    CHECK(drained.exit_code == 0);
    CHECK(has(drained, "given back"));
    CHECK(first.state("clicks") == "paused");
    CHECK(first.is_ready());
    CHECK(first.get("/healthz").status == 200);
    CHECK(scene.committed() <= static_cast<std::int64_t>(scene.clicks_written()));
    CHECK(!scene.is_through());
    auto const written_before = first.metric("headrace_records_written_total");

    scene.emulators.mend_tecton();
    text.control.clear();
    RunningDaemon second(scene.folder, "second", scene.tecton_config(text));
    REQUIRE(second.has_started());
    scene.until_through(second);
    CHECK(scene.emulators.tecton_missing("clicks", 2000) == 0);
    CHECK(scene.emulators.tecton_duplicates("clicks") == 0);
    CHECK(second.terminate() == 0);

    CHECK(first.metric("headrace_records_written_total") == written_before);
    scene.feed_clicks(2000, 100);
    CHECK(scene.route("resume").exit_code == 0);
    scene.until_through(first);
    CHECK(first.metric("headrace_records_written_total") == written_before + 100);
    CHECK(first.metric("headrace_records_unaccounted") == 0);
    CHECK(scene.emulators.tecton_duplicates("clicks") == 0);
    CHECK(first.terminate() == 0);
}

TEST_CASE("SIGTERM while paused or drained ends with 0, and takes the socket away") {
    for (auto const* const action : {"pause", "drain"}) {
        ControlledScene scene;
        scene.feed_clicks(0, 50);
        RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config(scene.text));
        REQUIRE(daemon.has_started());
        scene.until_through(daemon);
        CHECK(scene.route(action).exit_code == 0);
        CHECK(daemon.terminate() == 0);
        CHECK_FALSE(std::filesystem::exists(scene.socket_path()));
        CHECK(scene.emulators.tecton_missing("clicks", 50) == 0);
    }
}

TEST_CASE("a drain with a hung destination ends in time with 1, and a resume writes everything") {
    ControlledScene scene;
    scene.text.limits = "{drain_secs: 2, workers: 2}";
    scene.text.http = "{timeout_secs: 5}";
    scene.emulators.break_tecton(of_kind(FaultKind::stall, 600'000));
    scene.feed_clicks(0, 100);
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config(scene.text));
    REQUIRE(daemon.has_started());
    scene.until(daemon, "requests hang",
                [&] { return scene.emulators.tecton_stats().unanswered > 0; });
    auto const drained = scene.route("drain");
    INFO(drained.output);
    CHECK(drained.exit_code == 1);
    CHECK(has(drained, "limits.drain_secs"));
    CHECK(scene.committed() == 0);
    scene.emulators.mend_tecton();
    // Joining may take longer than this drain_secs; what counts is that it happens.
    std::ignore = scene.route("resume");
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", 100) == 0);
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a resume makes a blocked route probe at once") {
    ControlledScene scene;
    scene.text.retry = "{initial_ms: 20, max_ms: 200, probe_ms: 50, blocked_probe_ms: 600000}";
    scene.emulators.tecton([](auto& logic) { logic.remove_workspace("prod"); });
    scene.feed_clicks(0, 100);
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config(scene.text));
    REQUIRE(daemon.has_started());
    scene.until(daemon, "the route is blocked",
                [&] { return daemon.state("clicks") == "blocked"; });
    scene.emulators.tecton([](auto& logic) { logic.set_workspace({"prod", true}); });
    CHECK(scene.route("resume").exit_code == 0);
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", 100) == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a resume makes a stopped route try its dead letters again at once") {
    ControlledScene scene;
    scene.text.retry = "{initial_ms: 20, max_ms: 200, probe_ms: 50, blocked_probe_ms: 600000}";
    scene.feed_one({.topic = "clicks", .key = "k", .value = "not json"});
    scene.cluster->fail_topic("dead-letters", 3);
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config(scene.text));
    REQUIRE(daemon.has_started());
    scene.until(daemon, "the route stops", [&] { return daemon.state("clicks") == "stopped"; });
    scene.cluster->fail_topic("dead-letters", 0);
    scene.until(daemon, "a resume sets it going",
                [&] { return scene.route("resume").exit_code == 0 && scene.is_through(); });
    CHECK(scene.dead_letters().size() == 1);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a resume buries the records whose refusals in a row blocked the route") {
    constexpr std::int64_t refused = 5;
    ControlledScene scene;
    scene.text.dead_letters = "{topic: dead-letters, in_a_row_max: 5}";
    for (std::int64_t id = 0; id != refused; ++id) {
        auto click_with_a_fault = click(id);
        click_with_a_fault.insert(click_with_a_fault.size() - 1, R"(,"mobile":"yes")");
        scene.feed.write(
            {.topic = "clicks", .key = std::to_string(id), .value = click_with_a_fault});
    }
    scene.feed.flush();
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config(scene.text));
    REQUIRE(daemon.has_started());
    scene.until(daemon, "the route is blocked",
                [&] { return daemon.state("clicks") == "blocked"; });
    CHECK(scene.dead_letters().empty());
    CHECK(scene.route("resume").exit_code == 0);
    scene.until(daemon, "those held are buried",
                [&] { return scene.dead_letters().size() >= refused - 1; });
    // One may have been out as a probe: it is judged by what comes next.
    scene.feed_clicks(100, 20);
    scene.until_through(daemon);
    CHECK(scene.dead_letters().size() == refused);
    CHECK(scene.clicks_written() == 20);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a route that does not exist is told with the one that was meant") {
    ControlledScene scene;
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config(scene.text));
    REQUIRE(daemon.has_started());
    auto const ended = scene.route("pause", "click");
    INFO(ended.output);
    CHECK(ended.exit_code == 1);
    CHECK(has(ended, "did you mean clicks?"));
    CHECK(daemon.terminate() == 0);
    auto const gone = scene.route("pause");
    CHECK(gone.exit_code == 1);
    CHECK(has(gone, "is the daemon running"));
}

TEST_CASE("the socket is its owner's alone and replaces what a killed daemon left") {
    ControlledScene scene;
    {
        RunningDaemon killed(scene.folder, "killed", scene.tecton_config(scene.text));
        REQUIRE(killed.has_started());
        struct stat found {};
        REQUIRE(::stat(scene.socket_path().c_str(), &found) == 0);
        CHECK((found.st_mode & 0777U) == 0600U);
        killed.process().signal(SIGKILL);
        CHECK(killed.process().wait(patience) == 128 + SIGKILL);
    }
    REQUIRE(std::filesystem::exists(scene.socket_path()));
    auto const gone = scene.route("pause");
    CHECK(gone.exit_code == 1);
    CHECK(has(gone, "is gone"));
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config(scene.text));
    REQUIRE(daemon.has_started());
    CHECK(scene.route("pause").exit_code == 0);
    SECTION("and a second daemon does not take it from a living one") {
        RunningDaemon second(scene.folder, "second", scene.tecton_config(scene.text));
        CHECK(second.process().wait(patience) == 1);
        CHECK(second.has_logged("another process listens"));
        CHECK(scene.route("resume").exit_code == 0);
    }
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a control socket that cannot be made ends with 1 and says why") {
    ControlledScene scene;
    auto text = scene.text;
    std::string why;
    SECTION("a folder that is missing") {
        text.control = (scene.folder.path() / "absent" / "control.sock").string();
        why = "does not exist: create it";
    }
    SECTION("a file in its place") {
        scene.folder.write("control.sock", "precious");
        why = "not a socket";
    }
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config(text));
    CHECK(daemon.process().wait(patience) == 1);
    INFO(daemon.log());
    CHECK(daemon.has_logged(why));
}

}  // namespace
}  // namespace headrace::integration
