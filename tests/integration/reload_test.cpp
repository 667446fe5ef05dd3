// Another configuration taken by the built binary while records flow: by SIGHUP, by the control
// socket and because the file changed; what it does to the records, and what is told of one that is
// wrong.
#include "harness/mock_scene.hpp"

#include <catch2/catch_test_macros.hpp>

#include <csignal>
#include <filesystem>

namespace headrace::integration {
namespace {

using namespace std::chrono_literals;
using emulator::FaultKind;
using emulator::FaultRule;

bool has(std::string const& text, std::string const& part) {
    return text.find(part) != std::string::npos;
}

/// A daemon whose configuration is changed under it.
struct ReloadScene : MockScene {
    ReloadScene() {
        text.control = socket_path();
        text.source = source();
    }
    /// The route's source; the mock cluster makes who joins anew wait for the session's end.
    [[nodiscard]] static std::string source(std::string const& more = {}) {
        return "{topics: [clicks], properties: {session.timeout.ms: 1000, "
               "heartbeat.interval.ms: 100" +
               (more.empty() ? "}" : more) + "}";
    }

    /// The file's text with the routes `clicks` and, if wanted, `docs`.
    [[nodiscard]] std::string config(bool with_docs = false) const {
        auto all = tecton_config(text);
        if (!with_docs) return all;
        auto const docs = milvus_config({});
        return all + docs.substr(docs.find("  - name: docs"));
    }
    void change(std::string const& config) const { folder.replace("daemon.yaml", config); }
    [[nodiscard]] Ended reload() const {
        return run_binary(folder, {"reload", "--control", socket_path()});
    }
    /// Ends the daemon with more time to leave its group than a hung destination was given.
    void end(RunningDaemon& daemon) {
        text.limits = RouteText{}.limits;
        change(config());
        CHECK(reload().exit_code == 0);
        INFO(daemon.story());
        CHECK(daemon.terminate() == 0);
    }
    void until_reloaded(RunningDaemon& daemon, double times) {
        until(daemon, "the reload has ended",
              [&] { return daemon.metric("headrace_config_reloads_total") >= times; });
    }

    RouteText text;
};

TEST_CASE("a batch size that changes while records flow loses and repeats nothing") {
    ReloadScene scene;
    FaultRule slow;
    slow.fault.kind = FaultKind::latency;
    slow.fault.p50_ms = 200;  // So that requests are under way when the route leaves.
    scene.emulators.break_tecton(slow);
    scene.text.http = "{concurrency: 8}";
    RunningDaemon daemon(scene.folder, "daemon", scene.config(true));
    REQUIRE(daemon.has_started());
    for (int round = 0; round != 2; ++round) {
        scene.feed_clicks(500 * round, 500);
        auto const written = scene.clicks_written();
        scene.until(daemon, "some more are written",
                    [&] { return scene.clicks_written() > written + 50; });
        scene.text.batch = "{batch_size: " + std::to_string(round + 3) + "}";
        scene.change(scene.config(true));
        auto const ended = scene.reload();
        INFO(ended.output);
        INFO(daemon.story());
        CHECK(ended.exit_code == 0);
    }
    // The change of the file may have been seen before the command came.
    CHECK(daemon.has_logged("1 route changed (clicks), 1 unchanged"));
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", 1000) == 0);
    CHECK(scene.emulators.tecton_duplicates("clicks") == 0);
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    CHECK(daemon.metric("headrace_config_reloads_total", {{"result", "success"}}) >= 2);
    scene.until(daemon, "it has joined again", [&] { return daemon.is_ready(); });
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a static member that is begun anew keeps its identity, and nothing is repeated") {
    ReloadScene scene;
    scene.text.source = ReloadScene::source("}, instance_id: one");
    scene.feed_clicks(0, 500);
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.until(daemon, "some are written", [&] { return scene.clicks_written() > 0; });
    scene.text.batch = "{batch_size: 4}";
    scene.change(scene.config());
    CHECK(scene.reload().exit_code == 0);
    scene.feed_clicks(500, 100);
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", 600) == 0);
    CHECK(scene.emulators.tecton_duplicates("clicks") == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a configuration that is wrong keeps the one of before and is told everywhere") {
    ReloadScene scene;
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.text.batch = "{batch_siez: 3}";
    scene.text.retry = "{max_retries: many}";
    scene.change(scene.config());
    auto const ended = scene.reload();
    CHECK(ended.exit_code == 1);
    auto const validated = run_binary(
        scene.folder, {"validate", "--config", (scene.folder.path() / "daemon.yaml").string()});
    CHECK(validated.exit_code == 78);
    // The same errors, and then what became of it.
    CHECK(ended.output.starts_with(validated.output));
    CHECK(has(ended.output, "the configuration of before stays in use"));
    CHECK(daemon.has_logged("event=config_error"));
    CHECK(daemon.has_logged("event=reload_failed"));
    CHECK(daemon.metric("headrace_config_reloads_total", {{"result", "failure"}}) >= 1);
    CHECK(daemon.metric("headrace_config_last_reload_successful") == 0);
    CHECK(has(daemon.get("/status").body, "\"result\":\"failure\""));
    CHECK(has(daemon.get("/status").body, "batch_siez"));
    scene.feed_clicks(0, 50);
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", 50) == 0);

    scene.text.batch.clear();
    scene.text.retry = RouteText{}.retry;
    scene.change(scene.config());
    CHECK(scene.reload().exit_code == 0);
    CHECK(daemon.metric("headrace_config_last_reload_successful") == 1);
    CHECK(has(daemon.get("/status").body, "\"result\":\"success\",\"error\":\"\""));
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("what cannot be seen in the file is refused as well before any route is touched") {
    ReloadScene scene;
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.text.source =
        ReloadScene::source(", security.protocol: ssl, ssl.ca.location: /absent.pem}");
    scene.change(scene.config());
    auto const ended = scene.reload();
    INFO(ended.output);
    CHECK(ended.exit_code == 1);
    CHECK(has(ended.output, "route clicks: "));
    CHECK_FALSE(daemon.has_logged("route_drained"));
    scene.feed_clicks(0, 50);
    scene.until_through(daemon);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("SIGHUP adds a route and removes one; the other is not disturbed") {
    ReloadScene scene;
    scene.feed_clicks(0, 100);
    scene.feed_documents(0, 100);
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    CHECK(daemon.state("docs").empty());
    scene.change(scene.config(true));
    daemon.process().signal(SIGHUP);
    scene.until_through(daemon, "docs");
    CHECK(scene.emulators.milvus_missing(100) == 0);
    scene.until_reloaded(daemon, 1);
    CHECK(daemon.metric("headrace_records_written_total", {{"route", "clicks"}}) == 100);

    RouteText docs;
    docs.control = scene.socket_path();
    scene.change(scene.milvus_config(docs));
    daemon.process().signal(SIGHUP);
    scene.until_reloaded(daemon, 2);
    CHECK(daemon.state("clicks").empty());
    CHECK(daemon.metric("headrace_records_written_total", {{"route", "docs"}}) == 100);
    CHECK_FALSE(has(daemon.get("/status").body, "\"name\":\"clicks\""));
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    scene.feed_documents(100, 50);
    scene.until_through(daemon, "docs");
    CHECK(scene.emulators.milvus_missing(150) == 0);
    CHECK(scene.emulators.milvus_duplicates() == 0);
    auto const paused = scene.route("pause", "clicks");
    CHECK(has(paused.output, "there is no route"));
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a file that changes is taken by itself, written in place or renamed") {
    ReloadScene scene;
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.text.batch = "{batch_size: 4}";
    scene.folder.write("daemon.yaml", scene.config());
    scene.until_reloaded(daemon, 1);
    CHECK(daemon.has_logged("cause=\"its file has changed\""));
    scene.text.batch = "{batch_size: 5}";
    scene.change(scene.config());
    scene.until_reloaded(daemon, 2);
    scene.text.batch = "{batch_size: wrong}";
    scene.change(scene.config());
    scene.until_reloaded(daemon, 3);
    CHECK(daemon.metric("headrace_config_reloads_total", {{"result", "failure"}}) == 1);
    scene.feed_clicks(0, 50);
    scene.until_through(daemon);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a folder that Kubernetes swaps by its symbolic link is seen") {
    namespace fs = std::filesystem;
    ReloadScene scene;
    auto const mount = scene.folder.path() / "mount";
    auto const publish = [&](std::string const& generation, std::string const& config) {
        fs::create_directories(mount / generation);
        scene.folder.write("mount/" + generation + "/daemon.yaml", config);
        fs::create_symlink(generation, mount / "..data_tmp");
        fs::rename(mount / "..data_tmp", mount / "..data");
    };
    publish("..one", scene.config());
    fs::create_symlink("..data/daemon.yaml", mount / "daemon.yaml");
    // The file is there already, by way of two links.
    RunningDaemon daemon(scene.folder, "mount/daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.text.batch = "{batch_size: 4}";
    publish("..two", scene.config());
    scene.until_reloaded(daemon, 1);
    CHECK(daemon.has_logged("1 route changed (clicks)"));
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("what is fixed for the process's life is named until the restart") {
    ReloadScene scene;
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.text.limits = "{drain_secs: 19, workers: 1}";
    scene.change(scene.config());
    auto const ended = scene.reload();
    INFO(ended.output);
    CHECK(ended.exit_code == 0);
    CHECK(has(ended.output, "takes effect at the next restart: limits.workers"));
    CHECK(daemon.has_logged("event=restart_needed"));
    CHECK(has(daemon.get("/status").body, "\"at_restart\":[\"limits.workers\"]"));
    CHECK(daemon.metric("headrace_config_restart_needed") == 1);
    scene.text.limits = RouteText{}.limits;
    scene.change(scene.config());
    CHECK_FALSE(has(scene.reload().output, "restart"));
    CHECK(daemon.metric("headrace_config_restart_needed") == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("the log's level follows the file, and a command in between") {
    ReloadScene scene;
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    auto const set = [&](std::string const& level) {
        return run_binary(scene.folder, {"log-level", level, "--control", scene.socket_path()});
    };
    auto const warned = set("warn");
    INFO(warned.output);
    CHECK(warned.exit_code == 0);
    CHECK(has(warned.output, "log level warn"));
    CHECK(scene.reload().exit_code == 0);
    CHECK_FALSE(daemon.has_logged("event=reloaded"));
    auto config = scene.config();
    config.replace(config.find("level: debug"), std::string("level: debug").size(),
                   "level: info, format: json");
    scene.change(config);
    CHECK(scene.reload().exit_code == 0);
    CHECK(daemon.has_logged("\"event\":\"reloaded\""));
    CHECK(set("loud").exit_code == 64);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE(
    "a hung destination holds a reload up for drain_secs, and no request outlives its route") {
    ReloadScene scene;
    scene.text.limits = "{drain_secs: 2, workers: 2}";
    scene.text.http = "{timeout_secs: 60}";
    FaultRule stall;
    stall.fault.kind = FaultKind::stall;
    stall.fault.wait_ms = 600'000;
    scene.emulators.break_tecton(stall);
    scene.feed_clicks(0, 100);
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.until(daemon, "requests hang",
                [&] { return scene.emulators.tecton_stats().unanswered > 0; });
    scene.text.batch = "{batch_size: 4}";
    scene.change(scene.config());
    CHECK(scene.reload().exit_code == 0);
    CHECK(daemon.has_logged("limits.drain_secs was not enough"));
    scene.emulators.mend_tecton();
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", 100) == 0);
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    scene.end(daemon);
}

TEST_CASE("while a reload is under way another waits for it, and SIGTERM ends both") {
    ReloadScene scene;
    scene.text.limits = "{drain_secs: 3, workers: 2}";
    scene.text.http = "{timeout_secs: 60}";
    FaultRule stall;
    stall.fault.kind = FaultKind::stall;
    stall.fault.wait_ms = 600'000;
    scene.emulators.break_tecton(stall);
    scene.feed_clicks(0, 100);
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.until(daemon, "requests hang",
                [&] { return scene.emulators.tecton_stats().unanswered > 0; });
    scene.text.batch = "{batch_size: 4}";
    scene.change(scene.config());
    daemon.process().signal(SIGHUP);
    scene.until(daemon, "it is under way",
                [&] { return has(daemon.get("/status").body, "\"reloading\":true"); });
    CHECK(has(scene.route("pause").output, "ask again"));
    SECTION("the second is carried out after the first") {
        scene.text.batch = "{batch_size: 5}";
        scene.change(scene.config());
        daemon.process().signal(SIGHUP);
        scene.emulators.mend_tecton();
        scene.until_reloaded(daemon, 2);
        scene.until_through(daemon);
        CHECK(scene.emulators.tecton_missing("clicks", 100) == 0);
        scene.end(daemon);
    }
    SECTION("SIGTERM") {
        CHECK(daemon.terminate() == 1);
        CHECK_FALSE(std::filesystem::exists(scene.socket_path()));
    }
}

TEST_CASE("a paused route stays paused in its new form") {
    ReloadScene scene;
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    for (std::string const action : {"pause", "drain"}) {
        CHECK(scene.route(action).exit_code == 0);
        scene.text.batch = action == "pause" ? "{batch_size: 4}" : "{batch_size: 5}";
        scene.change(scene.config());
        CHECK(scene.reload().exit_code == 0);
        scene.until(daemon, "it is paused again",
                    [&] { return daemon.state("clicks") == "paused"; });
    }
    scene.feed_clicks(0, 20);
    CHECK(scene.clicks_written() == 0);
    CHECK(scene.route("resume").exit_code == 0);
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", 20) == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a blocked route that did not change is tried again at a reload") {
    ReloadScene scene;
    scene.text.retry = "{initial_ms: 20, max_ms: 200, probe_ms: 50, blocked_probe_ms: 600000}";
    scene.emulators.tecton([](auto& logic) { logic.remove_workspace("prod"); });
    scene.feed_clicks(0, 100);
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.until(daemon, "the route is blocked",
                [&] { return daemon.state("clicks") == "blocked"; });
    scene.emulators.tecton([](auto& logic) { logic.set_workspace({"prod", true}); });
    CHECK(has(scene.reload().output, "no route changed"));
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", 100) == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a stopped route that did not change is tried again at a reload") {
    ReloadScene scene;
    scene.text.retry = "{initial_ms: 20, max_ms: 200, probe_ms: 50, blocked_probe_ms: 600000}";
    scene.feed_one({.topic = "clicks", .key = "k", .value = "not json"});
    scene.cluster->fail_topic("dead-letters", 3);
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.until(daemon, "the route stops", [&] { return daemon.state("clicks") == "stopped"; });
    scene.cluster->fail_topic("dead-letters", 0);
    scene.until(daemon, "a reload sets it going",
                [&] { return scene.reload().exit_code == 0 && scene.is_through(); });
    CHECK(scene.dead_letters().size() == 1);
    CHECK(daemon.terminate() == 0);
}

}  // namespace
}  // namespace headrace::integration
