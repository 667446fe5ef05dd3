// The built binary moves records from a real Apache Kafka into the doubles of Tecton and Milvus,
// and all figures agree. What happens under faults is the fault campaign's: crash_test and its
// siblings.
#include "harness/emulators.hpp"
#include "harness/feed.hpp"
#include "harness/kafka_broker.hpp"
#include "harness/kafka_observer.hpp"
#include "harness/running_daemon.hpp"
#include "harness/transactions.hpp"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <numeric>

namespace headrace::integration {
namespace {

constexpr int partitions = 8;
constexpr std::array<char const*, 3> sources{"clicks", "views", "purchases"};

/// Records of three stream sources in turn; each source's ids begin at 0.
FedRecord make_event(std::int64_t number) {
    auto const source = static_cast<std::size_t>(number) % sources.size();
    auto const id = number / static_cast<std::int64_t>(sources.size());
    auto const value = source == 0 ? click(id) : source == 1 ? view(id) : purchase(id);
    return {.topic = "events",
            .key = "user-" + std::to_string(number % 5000),
            .value = value,
            .source = sources[source]};
}

FedRecord make_document(std::int64_t id) {
    return {.topic = "documents", .key = std::to_string(id), .value = document(id)};
}

/// Every request is answered in time, also where one busy core runs the broker, the doubles and the
/// daemon under a sanitizer: a retry would be right, and would spoil the figures that must agree.
constexpr char const* patient_http =
    "\n    http: {concurrency: 32, timeout_secs: 120, connect_timeout_secs: 60}";

std::string tecton_route(Emulators const& emulators) {
    return R"(
  - name: events)" +
           std::string(patient_http) + R"(
    source: {topics: [events], group: events-group}
    destination:
      type: tecton
      url: )" +
           emulators.tecton_url() + R"(
      api_key: demo-key
      workspace_name: prod
      stream_source_name: {header: source}
)";
}

std::string milvus_route(Emulators const& emulators) {
    return R"(
  - name: documents)" +
           std::string(patient_http) + R"(
    source: {topics: [documents], group: documents-group}
    destination: {type: milvus, url: ")" +
           emulators.milvus_url() + R"(", collection: docs}
)";
}

std::string config(std::string const& bootstrap, std::string const& routes) {
    return "kafka: {bootstrap_servers: \"" + bootstrap + "\"}\nadmin: {listen: 127.0.0.1:0}\n" +
           "routes:" + routes;
}

emulator::TectonSettings counting_tecton() {
    auto settings = emulator::default_tecton_settings();
    settings.switches.store = emulator::StoreForm::ids;
    return settings;
}

emulator::MilvusSettings counting_milvus() {
    auto settings = emulator::default_milvus_settings();
    settings.switches.store = emulator::StoreForm::ids;
    return settings;
}

struct Scene {
    Scene() {
        observer.create_topic("events", partitions);
        observer.create_topic("documents", partitions);
    }
    void await_or_fail(RunningDaemon& daemon, char const* what,
                       std::function<bool()> const& condition, Duration limit = patience) {
        INFO("waiting until " << what);
        if (!await(condition, limit)) FAIL(daemon.story());
    }
    [[nodiscard]] bool is_through(std::string const& group, std::string const& topic) {
        return observer.committed(group, topic, partitions) == observer.ends(topic, partitions);
    }
    [[nodiscard]] std::uint64_t events_missing(std::int64_t total) {
        std::uint64_t missing = 0;
        for (std::size_t i = 0; i != sources.size(); ++i) {
            auto const count = (total + 2 - static_cast<std::int64_t>(i)) / 3;
            missing += emulators.tecton_missing(sources[i], count);
        }
        return missing;
    }
    [[nodiscard]] std::uint64_t events_duplicates() {
        std::uint64_t total = 0;
        for (auto const* const source : sources) {
            total += emulators.tecton_duplicates(source);
        }
        return total;
    }

    TemporaryFolder folder;
    KafkaBroker broker;
    KafkaObserver observer{broker.bootstrap()};
    Feed feed{broker.bootstrap()};
    Emulators emulators{{.tecton = counting_tecton(), .milvus = counting_milvus()}};
};

void check_tecton_agrees(Scene& scene, RunningDaemon& daemon, std::int64_t total) {
    auto const stats = scene.emulators.tecton_stats();
    Labels const route{{"route", "events"}};
    CHECK(stats.records_written == static_cast<std::uint64_t>(total));
    CHECK(daemon.metric("headrace_records_read_total", route) == static_cast<double>(total));
    CHECK(daemon.metric("headrace_records_written_total", route) ==
          static_cast<double>(stats.records_written));
    CHECK(daemon.metric("headrace_write_requests_total", route) ==
          static_cast<double>(stats.ingest_requests));
    for (auto const* const source : sources) {
        auto const greatest = scene.emulators.tecton([&](auto& logic) {
            return logic.store().sources().at(source).records_per_request_max;
        });
        CHECK(greatest <= 10);
    }
}

void check_milvus_agrees(Scene& scene, RunningDaemon& daemon, std::int64_t total) {
    auto const stats = scene.emulators.milvus_stats();
    Labels const route{{"route", "documents"}};
    CHECK(stats.rows_written == static_cast<std::uint64_t>(total));
    CHECK(daemon.metric("headrace_records_written_total", route) ==
          static_cast<double>(stats.rows_written));
    CHECK(daemon.metric("headrace_write_requests_total", route) ==
          static_cast<double>(stats.write_requests));
}

/// What must hold of every route once all is through and nothing went wrong.
void check_quiet(RunningDaemon& daemon) {
    CHECK(daemon.metric("headrace_write_errors_total") == 0);
    CHECK(daemon.metric("headrace_records_retried_total") == 0);
    CHECK(daemon.metric("headrace_records_dead_lettered_total") == 0);
    CHECK(daemon.metric("headrace_records_skipped_total") == 0);
    CHECK(daemon.metric("headrace_records_in_flight") == 0);
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    CHECK(daemon.is_ready());
}

TEST_CASE("100,000 events and 20,000 documents of a real Kafka arrive, and all figures agree") {
    constexpr std::int64_t events = 100'000;
    constexpr std::int64_t documents = 20'000;
    Scene scene;
    RunningDaemon daemon(scene.folder, "daemon",
                         config(scene.broker.bootstrap(),
                                tecton_route(scene.emulators) + milvus_route(scene.emulators)));
    REQUIRE(daemon.has_started());
    scene.feed.write_many(0, events, make_event);
    scene.feed.write_many(0, documents, make_document);
    scene.feed.flush();
    scene.await_or_fail(
        daemon, "everything is committed",
        [&] {
            return scene.is_through("events-group", "events") &&
                   scene.is_through("documents-group", "documents");
        },
        std::chrono::seconds(180));
    auto const ends = scene.observer.ends("events", partitions);
    auto const end_sum = std::accumulate(ends.begin(), ends.end(), std::int64_t{0});
    REQUIRE(end_sum == events);
    scene.await_or_fail(daemon, "the daemon has heard so", [&] {
        return daemon.metric("headrace_consumer_lag_records") == 0 &&
               daemon.metric("headrace_committed_offset", {{"topic", "events"}}) ==
                   static_cast<double>(end_sum);
    });

    CHECK(scene.events_missing(events) == 0);
    CHECK(scene.events_duplicates() == 0);
    CHECK(scene.emulators.milvus_missing(documents) == 0);
    CHECK(scene.emulators.milvus_duplicates() == 0);
    check_tecton_agrees(scene, daemon, events);
    check_milvus_agrees(scene, daemon, documents);
    check_quiet(daemon);
    CHECK(daemon.terminate() == 0);
}

std::vector<FedRecord> clicks_of_one_partition(std::int64_t first, std::int64_t count) {
    std::vector<FedRecord> out;
    for (auto id = first; id != first + count; ++id) {
        out.push_back({.topic = "events", .value = click(id), .source = "clicks", .partition = 0});
    }
    return out;
}

TEST_CASE("an aborted transaction is never delivered, and commits reach the end behind it") {
    Scene scene;
    auto const& bootstrap = scene.broker.bootstrap();
    write_transaction(bootstrap, clicks_of_one_partition(0, 100), TransactionEnd::commit);
    write_transaction(bootstrap, clicks_of_one_partition(1000, 50), TransactionEnd::abort);
    write_transaction(bootstrap, clicks_of_one_partition(100, 100), TransactionEnd::commit);
    RunningDaemon daemon(scene.folder, "daemon", config(bootstrap, tecton_route(scene.emulators)));
    REQUIRE(daemon.has_started());
    // Records 0 to 249 and three control records, of which the last is the end.
    REQUIRE(scene.observer.ends("events", 1) == std::vector<std::int64_t>{253});
    scene.await_or_fail(daemon, "the end is committed",
                        [&] { return scene.is_through("events-group", "events"); });
    CHECK(scene.emulators.tecton_missing("clicks", 200) == 0);
    CHECK(scene.emulators.tecton_stats().records_written == 200);
    CHECK(daemon.metric("headrace_records_read_total") == 200);
    CHECK(await([&] { return daemon.metric("headrace_consumer_lag_records") == 0; }));
    CHECK(daemon.terminate() == 0);
}

}  // namespace
}  // namespace headrace::integration
