// Transactions and compaction on a real Kafka: what readers of committed records must not see is
// not delivered, and offsets that hold no record neither stall the commit nor count as lag.
#include "harness/transactions.hpp"

#include "harness/emulators.hpp"
#include "harness/feed.hpp"
#include "harness/kafka_broker.hpp"
#include "harness/kafka_observer.hpp"
#include "harness/running_daemon.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <csignal>
#include <map>

namespace headrace::integration {
namespace {

using Ends = std::vector<std::int64_t>;

emulator::TectonSettings counting_tecton() {
    auto settings = emulator::default_tecton_settings();
    settings.switches.store = emulator::StoreForm::ids;
    return settings;
}

struct Scene {
    /// No two tests share a topic's name; they share the broker.
    explicit Scene(std::string name, std::map<std::string, std::string> const& configuration = {})
        : topic(std::move(name)) {
        observer.create_topic(topic, 1, configuration);
    }

    [[nodiscard]] static std::string bootstrap() {
        // Compaction looks again after so long; a test must not wait for the default of 15 s.
        static KafkaBroker broker({.proxy_port = 0, .properties = {"log.cleaner.backoff.ms=100"}});
        return broker.bootstrap();
    }
    [[nodiscard]] std::vector<FedRecord> clicks(std::int64_t first, std::int64_t count) const {
        std::vector<FedRecord> out;
        for (auto id = first; id != first + count; ++id) {
            out.push_back({.topic = topic, .value = click(id), .partition = 0});
        }
        return out;
    }

    [[nodiscard]] std::string config(std::string const& properties = "") const {
        return "kafka: {bootstrap_servers: \"" + bootstrap() + "\", properties: {" + properties +
               R"(}}
admin: {listen: 127.0.0.1:0}
routes:
  - name: events
    source: {topics: [)" +
               topic + R"(], group: )" + topic + R"(-group, instance_id: one}
    destination:
      type: tecton
      url: )" + emulators.tecton_url() +
               R"(
      api_key: demo-key
      workspace_name: prod
      stream_source_name: clicks
)";
    }
    void await_or_fail(RunningDaemon& daemon, char const* what,
                       std::function<bool()> const& condition) {
        INFO("waiting until " << what);
        if (!await(condition)) FAIL(daemon.story());
    }
    /// Everything is committed, up to the log's end, and the daemon says that nothing is left.
    void await_end(RunningDaemon& daemon) {
        await_or_fail(daemon, "the log's end is committed", [&] { return committed() == ends(); });
        await_or_fail(daemon, "there is no lag", [&] {
            return daemon.metric("headrace_consumer_lag_records") == 0 &&
                   daemon.metric("headrace_consumer_lag_seconds") == 0;
        });
        CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    }
    [[nodiscard]] Ends committed() { return observer.committed(topic + "-group", topic, 1); }
    [[nodiscard]] Ends ends() { return observer.ends(topic, 1); }
    [[nodiscard]] std::uint64_t written() { return emulators.tecton_stats().records_written; }

    TemporaryFolder folder;
    std::string const topic;
    KafkaObserver observer{bootstrap()};
    Emulators emulators{{.tecton = counting_tecton()}};
};

TEST_CASE("transactions that are interleaved arrive if they were committed, and only then") {
    Scene scene("interleaved");
    auto const bootstrap = Scene::bootstrap();
    Transaction kept(bootstrap, "kept");
    Transaction dropped(bootstrap, "dropped");
    for (std::int64_t i = 0; i != 10; ++i) {
        kept.write(scene.clicks(i * 10, 10));
        dropped.write(scene.clicks(1000 + i * 10, 10));
    }
    dropped.end(TransactionEnd::abort);
    kept.end(TransactionEnd::commit);
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.await_end(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", 100) == 0);
    CHECK(scene.written() == 100);
    CHECK(daemon.metric("headrace_records_read_total") == 100);

    // Nothing but an aborted transaction follows: its offsets are committed past as well, by this
    // process and by one that begins right before them.
    write_transaction(bootstrap, scene.clicks(2000, 50), TransactionEnd::abort);
    scene.await_end(daemon);
    daemon.process().signal(SIGKILL);
    REQUIRE(daemon.process().wait(patience) == 128 + SIGKILL);
    write_transaction(bootstrap, scene.clicks(3000, 50), TransactionEnd::abort);
    RunningDaemon next(scene.folder, "next", scene.config());
    REQUIRE(next.has_started());
    scene.await_end(next);
    CHECK(scene.written() == 100);
    CHECK(next.metric("headrace_records_read_total") == 0);
    CHECK(next.terminate() == 0);
}

TEST_CASE("an open transaction holds back what follows it, which is no lag, until it ends") {
    bool const is_committed = GENERATE(true, false);
    Scene scene(is_committed ? "open-committed" : "open-aborted");
    auto const bootstrap = Scene::bootstrap();
    write_transaction(bootstrap, scene.clicks(0, 100), TransactionEnd::commit);
    Transaction open(bootstrap, "open");
    open.write(scene.clicks(1000, 20));
    write_transaction(bootstrap, scene.clicks(100, 100), TransactionEnd::commit);
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    // A hundred records and the mark of their transaction's end: there the open one begins.
    scene.await_or_fail(daemon, "all before the open transaction is committed",
                        [&] { return scene.committed() == Ends{101}; });
    scene.await_or_fail(daemon, "what nobody may read yet is no lag",
                        [&] { return daemon.metric("headrace_consumer_lag_records") == 0; });
    CHECK(scene.written() == 100);
    CHECK(scene.ends() == Ends{222});

    open.end(is_committed ? TransactionEnd::commit : TransactionEnd::abort);
    scene.await_end(daemon);
    CHECK(scene.committed() == Ends{223});
    CHECK(scene.written() == (is_committed ? 220 : 200));
    CHECK(scene.emulators.tecton_missing("clicks", 200) == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("who reads uncommitted records on purpose gets them all, and commits to the end") {
    Scene scene("uncommitted");
    auto const bootstrap = Scene::bootstrap();
    write_transaction(bootstrap, scene.clicks(0, 50), TransactionEnd::abort);
    Transaction open(bootstrap, "open");
    open.write(scene.clicks(50, 50));
    RunningDaemon daemon(scene.folder, "daemon", scene.config("isolation.level: read_uncommitted"));
    REQUIRE(daemon.has_started());
    scene.await_end(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", 100) == 0);
    open.end(TransactionEnd::commit);
    scene.await_end(daemon);
    CHECK(scene.written() == 100);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("gaps that compaction left do not stall the commit") {
    Scene scene("compacted", {{"cleanup.policy", "compact"},
                              {"segment.ms", "100"},
                              {"min.cleanable.dirty.ratio", "0.01"}});
    Feed feed(Scene::bootstrap());
    std::int64_t id = 0;
    auto const write = [&](std::int64_t count) {
        feed.write_many(id, count, [](std::int64_t number) {
            return FedRecord{.topic = "compacted",
                             .key = "user-" + std::to_string(number % 7),
                             .value = click(number),
                             .partition = 0};
        });
        feed.flush();
        id += count;
    };
    write(500);
    // A segment is closed by a record that comes when its time has passed, and cleaned after that.
    REQUIRE(await([&] {
        write(1);
        return scene.observer.records(scene.topic, 1).size() < 100;
    }));
    auto const left = scene.observer.records(scene.topic, 1);
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.await_end(daemon);
    CHECK(scene.committed() == Ends{id});
    CHECK(scene.written() <= left.size());
    CHECK(daemon.terminate() == 0);
}

}  // namespace
}  // namespace headrace::integration
