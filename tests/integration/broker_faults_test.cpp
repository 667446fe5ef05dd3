// What an administrator or time does to the topics of a real Apache Kafka while the daemon runs:
// nothing of what is there is left out, and what is gone is counted.
#include "harness/kafka_scene.hpp"
#include "harness/topic_admin.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <csignal>

namespace headrace::integration {
namespace {

/// One topic of the shared broker, and a group for it.
struct Scene {
    explicit Scene(std::string name) : topic(std::move(name)), group(topic + "-group") {
        observer.create_topic(topic, 1);
    }

    [[nodiscard]] std::string config(std::string const& source = "") const {
        return "kafka: {bootstrap_servers: \"" + bootstrap +
               "\", properties: {topic.metadata.refresh.interval.ms: \"1000\", "
               "session.timeout.ms: \"6000\"}}\n"
               "admin: {listen: 127.0.0.1:0}\n"
               "log: {level: debug}\n"
               "routes:\n"
               "  - name: clicks\n"
               "    source: {topics: [" +
               topic + "], group: " + group + source +
               "}\n"
               "    destination: {type: tecton, url: \"" +
               emulators.tecton_url() +
               "\", api_key: demo-key, workspace_name: prod, stream_source_name: clicks}\n";
    }
    void write(std::int64_t first, std::int64_t count, std::int32_t partition = 0) {
        // A producer of its own: one that knew the topic before it was made anew would still send
        // to the old one.
        Feed feed(bootstrap);
        feed.write_many(first, count, [&](std::int64_t id) {
            return FedRecord{.topic = topic,
                             .key = std::to_string(id),
                             .value = click(id),
                             .partition = partition};
        });
        feed.flush();
    }
    /// How many of the ids [first, first + count) came to the destination.
    [[nodiscard]] std::uint64_t arrived(std::int64_t first, std::int64_t count) {
        auto const missing_before = emulators.tecton_missing("clicks", first);
        auto const missing = emulators.tecton_missing("clicks", first + count) - missing_before;
        return static_cast<std::uint64_t>(count) - missing;
    }
    void until(RunningDaemon& daemon, char const* what, std::function<bool()> const& condition) {
        INFO("waiting until " << what);
        if (!await(condition)) FAIL(daemon.story());
    }
    void until_committed(RunningDaemon& daemon, std::vector<std::int64_t> const& offsets) {
        until(daemon, "all is committed", [&] {
            return observer.committed(group, topic, static_cast<int>(offsets.size())) == offsets;
        });
    }

    std::string const topic;
    std::string const group;
    std::string const bootstrap = KafkaScene::broker().bootstrap();
    TemporaryFolder folder;
    KafkaObserver observer{bootstrap};
    TopicAdmin admin{bootstrap};
    Emulators emulators;
};

TEST_CASE("a topic that is deleted and made anew is read from its beginning, however long it is") {
    auto const records = GENERATE(50, 100, 300);
    Scene scene("restarted-" + std::to_string(records));
    scene.write(0, 100);
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.until_committed(daemon, {100});
    scene.until(daemon, "it knows which topic it reads",
                [&] { return daemon.has_logged("the ids of 1 topics are known"); });
    // While it sleeps, so that it finds the new topic at its full length.
    daemon.process().signal(SIGSTOP);
    scene.admin.delete_topic(scene.topic);
    scene.observer.create_topic(scene.topic, 1);
    scene.write(1000, records);
    daemon.process().signal(SIGCONT);
    scene.until(daemon, "all of the new topic has arrived", [&] {
        return scene.arrived(1000, records) == static_cast<std::uint64_t>(records);
    });
    scene.until_committed(daemon, {records});
    // librdkafka may lose sight of the topic first, and joins again by a new client then.
    CHECK(
        (daemon.has_logged("event=topic_restarted") || daemon.has_logged("event=assignment_lost")));
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    CHECK(daemon.metric("headrace_records_expired_total") == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("partitions that a topic gains while it is read are read from their first record") {
    Scene scene("grown");
    scene.write(0, 100);
    // A start at the end counts for the topic's first commit only.
    RunningDaemon daemon(scene.folder, "daemon", scene.config(", start: latest"));
    REQUIRE(daemon.has_started());
    scene.until_committed(daemon, {100});
    scene.admin.grow_topic(scene.topic, 3);
    scene.write(1000, 50, 1);
    scene.write(1050, 50, 2);
    scene.until_committed(daemon, {100, 50, 50});
    CHECK(scene.arrived(1000, 100) == 100);
    CHECK(scene.arrived(0, 100) == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("records that retention takes before they are read are counted, and told as an error") {
    Scene scene("expired");
    scene.write(0, 100);
    {
        RunningDaemon daemon(scene.folder, "first", scene.config());
        REQUIRE(daemon.has_started());
        scene.until_committed(daemon, {100});
        REQUIRE(daemon.terminate() == 0);
    }
    scene.write(100, 400);
    scene.admin.delete_records(scene.topic, 0, 350);
    RunningDaemon daemon(scene.folder, "second", scene.config());
    REQUIRE(daemon.has_started());
    scene.until_committed(daemon, {500});
    CHECK(scene.arrived(350, 150) == 150);
    CHECK(daemon.metric("headrace_records_expired_total", {{"topic", scene.topic}}) == 250);
    CHECK(daemon.has_logged("level=error event=records_expired"));
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("two daemons with one instance_id: the older is told so, and nothing is lost") {
    Scene scene("fenced");
    auto const config = scene.config(", instance_id: one");
    scene.write(0, 100);
    RunningDaemon older(scene.folder, "older", config);
    REQUIRE(older.has_started());
    scene.until_committed(older, {100});
    RunningDaemon younger(scene.folder, "younger", config);
    REQUIRE(younger.has_started());
    scene.until(older, "the older says why it is out",
                [&] { return older.has_logged("source.instance_id"); });
    scene.write(100, 100);
    scene.until_committed(younger, {200});
    CHECK(scene.arrived(0, 200) == 200);
    CHECK(older.metric("headrace_records_unaccounted") == 0);
    std::ignore = older.terminate();
    std::ignore = younger.terminate();
}

}  // namespace
}  // namespace headrace::integration
