// Members of a route's group that come and go while records are on their way, with a real Apache
// Kafka, and the broker itself that goes. Nothing may be missing afterwards.
#include "harness/kafka_scene.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <array>
#include <memory>

namespace headrace::integration {
namespace {

double written_by(RunningDaemon& daemon) {
    return daemon.metric("headrace_records_written_total");
}

TEST_CASE("a second instance joins and leaves under load and no record is missing") {
    auto const* const strategy = GENERATE("cooperative-sticky", "range");
    INFO(strategy);
    auto const total = sized(12'000, 40'000);
    KafkaScene scene(std::string("join-") + strategy);
    scene.emulators.break_tecton(twenty_ms_each());
    scene.feed(0, total);
    auto const text = scene.config(
        {.properties = CampaignText{}.properties + ", partition.assignment.strategy: " + strategy});
    RunningDaemon first(scene.folder, "first", text);
    REQUIRE(first.has_started());
    scene.until_written(first, total / 10);
    RunningDaemon second(scene.folder, "second", text);
    REQUIRE(second.has_started());
    scene.until(second, "the second writes",
                [&] { return written_by(second) > static_cast<double>(total) / 20; });
    CHECK(!scene.is_through());
    CHECK(second.metric("headrace_records_unaccounted") == 0);
    CHECK(second.terminate() == 0);
    scene.until_through(first);
    auto const again = scene.check_nothing_lost(total);
    // Partitions change hands drained, so that little is written twice. It cannot be nothing with
    // librdkafka before 2.10: a commit that crosses the group's next generation loses the
    // assignment (its issue 4059).
    CHECK(again < total / 2);
    check_settled(first);
    CHECK(first.terminate() == 0);
}

TEST_CASE("a route is drained under load, another instance takes over, and the first joins again") {
    auto const total = sized(12'000, 40'000);
    KafkaScene scene("drained");
    scene.emulators.break_tecton(twenty_ms_each());
    scene.feed(0, total);
    auto const socket = (scene.folder.path() / "control.sock").string();
    auto const route = [&](char const* action) {
        auto const ended =
            run_binary(scene.folder, {"route", action, "events", "--control", socket});
        INFO(ended.output);
        CHECK(ended.exit_code == 0);
    };
    RunningDaemon first(scene.folder, "first",
                        "control: {socket: " + socket + "}\n" + scene.config());
    REQUIRE(first.has_started());
    scene.until_written(first, total / 10);
    route("drain");
    CHECK(scene.committed_sum() <= scene.written());
    CHECK(first.state("events") == "paused");
    auto const written_then = scene.written();
    RunningDaemon second(scene.folder, "second", scene.config());
    REQUIRE(second.has_started());
    scene.until_written(second, total / 10);
    // What was written beyond a record that was given back is known by the map in the commits.
    CHECK(scene.emulators.tecton_duplicates("clicks") == 0);
    CHECK(written_by(first) == static_cast<double>(written_then));
    route("resume");
    scene.until(first, "the first writes again",
                [&] { return written_by(first) > static_cast<double>(written_then); });
    CHECK(second.terminate() == 0);
    scene.until_through(first);
    std::ignore = scene.check_nothing_lost(total);
    check_settled(first);
    CHECK(first.terminate() == 0);
}

TEST_CASE("static members are restarted one by one under load: nothing is written twice") {
    constexpr std::array<char const*, 2> members{"one", "two"};
    // So much is fed before each step that no step finds the topic read to its end.
    auto const slice = sized(6'000, 15'000);
    std::int64_t total = 0;
    KafkaScene scene("rolling");
    scene.emulators.break_tecton(twenty_ms_each());
    auto const feed_more = [&] {
        scene.feed(total, slice);
        total += slice;
    };
    // The session outlasts a restart, also on a busy machine.
    int starts = 0;
    auto const start = [&](char const* member) {
        auto daemon = std::make_unique<RunningDaemon>(
            scene.folder, member + std::to_string(++starts),
            scene.config({.properties = "session.timeout.ms: 60000",
                          .source = std::string(", instance_id: ") + member,
                          .http = "{concurrency: 4}"}));
        REQUIRE(daemon->has_started());
        return daemon;
    };
    auto const until_writing = [&](RunningDaemon& daemon) {
        feed_more();
        scene.until(daemon, "it writes", [&] { return written_by(daemon) > 0; });
    };
    std::array daemons{start(members[0]), start(members[1])};
    for (auto const& daemon : daemons) {
        until_writing(*daemon);
    }
    // What the second one's coming may have cost is another test's.
    auto const before = scene.emulators.tecton_duplicates("clicks");
    for (std::size_t i = 0; i != members.size(); ++i) {
        CHECK(daemons[i]->terminate() == 0);
        CHECK(!scene.is_through());
        daemons[i] = start(members[i]);
        until_writing(*daemons[i]);
    }
    scene.until_through(*daemons[0]);
    auto const again = scene.check_nothing_lost(total);
    CHECK(again == static_cast<std::int64_t>(before));
    for (auto const& daemon : daemons) {
        CHECK(!daemon->has_logged("assignment_lost"));
        check_settled(*daemon);
        CHECK(daemon->terminate() == 0);
    }
}

TEST_CASE("the broker is killed and comes back under load: nothing is missing") {
    auto const total = sized(8'000, 40'000);
    KafkaScene scene("broker");
    scene.create_dead_letter_topic();
    std::set<std::int64_t> poison;
    for (std::int64_t id = 250; id < total; id += 500) {
        poison.insert(id);
    }
    scene.emulators.break_tecton(twenty_ms_each());
    scene.feed(0, total, poison);
    // A session that outlasts the broker's absence, as the default does.
    RunningDaemon daemon(scene.folder, "daemon",
                         scene.config({.properties = "session.timeout.ms: 45000"}));
    REQUIRE(daemon.has_started());
    scene.until_written(daemon, total / 10);
    KafkaScene::broker().crash();
    // librdkafka does not always say that the last broker is gone: the operator is told all the
    // same.
    scene.until(daemon, "the daemon says so", [&] { return daemon.has_logged("kafka_trouble"); });
    CHECK(daemon.get("/healthz").status == 200);
    KafkaScene::broker().begin_again();
    KafkaScene::broker().await_start();
    scene.until_through(daemon);
    scene.check_nothing_lost(total, poison);
    check_settled(daemon);
    CHECK(daemon.terminate() == 0);
}

}  // namespace
}  // namespace headrace::integration
