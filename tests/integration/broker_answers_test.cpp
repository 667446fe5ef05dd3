// What the brokers of a cluster may answer or do, short of losing records: nothing is lost, what an
// operator must mend is told, and everything goes on by itself.
#include "harness/mock_scene.hpp"
#include "harness/reserved_port.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <vector>

namespace headrace::integration {
namespace {

using kafka::MockRequest;

constexpr std::int64_t records = 200;

/// Every record is written and committed, and the daemon leaves in order.
void check_through(MockScene& scene, RunningDaemon& daemon, std::int64_t total) {
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", total) == 0);
    CHECK(await([&] { return daemon.metric("headrace_records_unaccounted") == 0; }));
    scene.until(daemon, "the daemon is ready", [&] { return daemon.is_ready(); });
    CHECK(daemon.terminate() == 0);
}

struct Answer {
    char const* name;
    int code;  ///< Of Kafka's protocol.
};

/// Each of the answers three times, while records come; one after the other with one daemon.
void check_answers(MockRequest request, std::vector<Answer> const& answers) {
    MockScene scene;
    scene.feed_clicks(0, records);
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    std::int64_t total = records;
    for (auto const& answer : answers) {
        INFO(answer.name);
        scene.cluster->push_errors(request, {answer.code, answer.code, answer.code});
        scene.feed_clicks(total, records);
        total += records;
        scene.until_through(daemon);
        CHECK(scene.emulators.tecton_missing("clicks", total) == 0);
    }
    check_through(scene, daemon, total);
}

TEST_CASE("commits that are refused, for whatever reason, are made again and nothing is lost") {
    check_answers(MockRequest::offset_commit, {{"unknown server error", -1},
                                               {"request timed out", 7},
                                               {"coordinator loads", 14},
                                               {"coordinator not available", 15},
                                               {"not the coordinator", 16},
                                               {"illegal generation", 22},
                                               {"unknown member", 25},
                                               {"rebalance in progress", 27},
                                               {"topic authorization failed", 29},
                                               {"group authorization failed", 30}});
}

TEST_CASE("fetches that fail, for whatever reason, are made again and nothing is lost") {
    check_answers(MockRequest::fetch, {{"unknown server error", -1},
                                       {"offset out of range", 1},
                                       {"corrupt message", 2},
                                       {"unknown topic", 3},
                                       {"not the leader", 6},
                                       {"replica not available", 9},
                                       {"topic authorization failed", 29},
                                       {"storage error", 56},
                                       {"fenced leader epoch", 74},
                                       {"unknown leader epoch", 76},
                                       {"offset not available", 78}});
}

TEST_CASE("a group that cannot be joined yet is joined when it can be, and the reason is told") {
    struct Row {
        MockRequest request;
        int code;
        char const* told;  ///< In the log; empty: it passes without a word.
    };
    auto const row = GENERATE(Row{MockRequest::find_coordinator, 15, ""},
                              Row{MockRequest::find_coordinator, 30, "grant the user READ"},
                              Row{MockRequest::join_group, 30, "grant the user READ"},
                              Row{MockRequest::sync_group, 27, ""},
                              Row{MockRequest::offset_fetch, 30, "grant the user READ"});
    INFO(static_cast<int>(row.request) << " fails with " << row.code);
    MockScene scene;
    scene.feed_clicks(0, records);
    scene.cluster->push_errors(row.request, {row.code, row.code});
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    if (*row.told != '\0')
        scene.until(daemon, "it says so", [&] { return daemon.has_logged(row.told); });
    check_through(scene, daemon, records);
}

TEST_CASE("leaders and the coordinator move between brokers, and reading goes on") {
    MockScene scene({}, 3);
    scene.feed_clicks(0, records);
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    for (int round = 1; round <= 3; ++round) {
        for (std::int32_t partition = 0; partition != MockScene::partitions; ++partition)
            scene.cluster->move_leader("clicks", partition, 1 + (partition + round) % 3);
        scene.cluster->move_coordinator("headrace-clicks", round);
        scene.feed_clicks(round * records, records);
        scene.until_through(daemon);
    }
    check_through(scene, daemon, 4 * records);
}

TEST_CASE("a broker dies and another takes over its partitions and its group") {
    MockScene scene({}, 3);
    scene.cluster->move_coordinator("headrace-clicks", 1);
    for (std::int32_t partition = 0; partition != MockScene::partitions; ++partition)
        scene.cluster->move_leader("clicks", partition, 1);
    scene.feed_clicks(0, records);
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    scene.cluster->stop_broker(1);
    scene.cluster->move_coordinator("headrace-clicks", 2);
    for (std::int32_t partition = 0; partition != MockScene::partitions; ++partition)
        scene.cluster->move_leader("clicks", partition, 3);
    // Clients of their own: those that knew the dead broker take their time to learn of it.
    Feed feed(scene.cluster->bootstrap());
    feed.write_many(records, records, [](std::int64_t id) {
        return FedRecord{.topic = "clicks", .key = std::to_string(id), .value = click(id)};
    });
    feed.flush();
    scene.until(daemon, "everything is written",
                [&] { return scene.emulators.tecton_missing("clicks", 2 * records) == 0; });
    KafkaObserver observer(scene.cluster->bootstrap());
    scene.until(daemon, "everything is committed", [&] {
        return observer.committed("headrace-clicks", "clicks", MockScene::partitions) ==
               observer.ends("clicks", MockScene::partitions);
    });
    CHECK(await([&] { return daemon.metric("headrace_records_unaccounted") == 0; }));
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a broker that takes connections and never answers is told, and holds up no exit") {
    ReservedPort const port;
    port.listen();
    MockScene scene;
    auto text = scene.tecton_config();
    auto const bootstrap = scene.cluster->bootstrap();
    text.replace(text.find(bootstrap), bootstrap.size(),
                 "127.0.0.1:" + std::to_string(port.number()));
    text.replace(text.find("properties: {"), 13,
                 "properties: {api.version.request.timeout.ms: 1000, socket.timeout.ms: 2000, ");
    RunningDaemon daemon(scene.folder, "daemon", text);
    REQUIRE(daemon.has_started());
    scene.until(daemon, "it says so", [&] { return daemon.has_logged("event=kafka_trouble"); });
    CHECK(daemon.get("/healthz").status == 200);
    CHECK(daemon.get("/readyz").status == 503);
    CHECK(daemon.terminate() == 0);
}

}  // namespace
}  // namespace headrace::integration
