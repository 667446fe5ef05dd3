// How many records are written again after kill -9, with the map of settled records that travels in
// commits and without it, and with a record that holds the commit back from the start.
#include "harness/emulators.hpp"
#include "harness/feed.hpp"
#include "harness/figures.hpp"
#include "harness/kafka_broker.hpp"
#include "harness/kafka_observer.hpp"
#include "harness/running_daemon.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <csignal>
#include <numeric>

namespace headrace::integration {
namespace {

constexpr int partitions = 4;
constexpr char const* group = "clicks-group";
/// What the warning names for the operator.
constexpr char const* refusal = "offset.metadata.max.bytes";
/// What is open at most: 64 requests of 10. Beyond that a crash may repeat what was settled since
/// the last commit; at 3,200 records a second that is 320 for each 100 ms.
constexpr std::uint64_t duplicates_max = 1500;

enum class Map {
    kept,     ///< The brokers keep it with the commits.
    refused,  ///< They do not; commits go without it.
};
enum class Stuck {
    nothing,
    first_request,  ///< The first request hangs until the crash.
};

struct Outcome {
    std::uint64_t written_at_kill = 0;
    std::uint64_t missing = 0;
    std::uint64_t duplicates = 0;
    double skipped = 0;  ///< After the restart, as already settled.
    double unaccounted = 0;
    std::size_t map_bytes_max = 0;  ///< Of the partitions, as the crash left them.
    int warnings = 0;               ///< Of both processes: that the brokers refuse the map.
};

emulator::TectonSettings counting_tecton() {
    auto settings = emulator::default_tecton_settings();
    settings.switches.store = emulator::StoreForm::ids;
    return settings;
}

emulator::FaultRule latency_of_200_ms() {
    emulator::FaultRule rule;
    rule.fault.kind = emulator::FaultKind::latency;
    rule.fault.p50_ms = 200;
    return rule;
}

emulator::FaultRule first_request_hangs() {
    emulator::FaultRule rule;
    rule.fault.kind = emulator::FaultKind::stall;
    rule.fault.wait_ms = 600'000;
    rule.count = 1;
    return rule;
}

std::string config(KafkaBroker const& broker, Emulators const& emulators) {
    return "kafka: {bootstrap_servers: \"" + broker.bootstrap() + R"("}
admin: {listen: 127.0.0.1:0}
routes:
  - name: clicks
    source: {topics: [events], group: )" +
           group + R"(, instance_id: one}
    http: {concurrency: 64, timeout_secs: 600}
    destination:
      type: tecton
      url: )" +
           emulators.tecton_url() + R"(
      api_key: demo-key
      workspace_name: prod
      stream_source_name: clicks
)";
}

int count(std::string const& text, std::string const& word) {
    int found = 0;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
        ++found;
    return found;
}

/// Kills the daemon once `killed_at` records are written, starts it again, and looks at what the
/// destination got when all is through.
Outcome kill_and_restart(std::int64_t records, std::uint64_t killed_at, Map map, Stuck stuck) {
    TemporaryFolder const folder;
    KafkaBroker::Settings settings;
    if (map == Map::refused) settings.properties = {"offset.metadata.max.bytes=1"};
    KafkaBroker const broker(settings);
    KafkaObserver observer(broker.bootstrap());
    observer.create_topic("events", partitions);
    Emulators emulators({.tecton = counting_tecton()});
    if (stuck == Stuck::first_request) emulators.break_tecton(first_request_hangs());
    emulators.break_tecton(latency_of_200_ms());
    Feed feed(broker.bootstrap());
    feed.write_many(0, records, [](std::int64_t id) {
        return FedRecord{
            .topic = "events", .key = "user-" + std::to_string(id), .value = click(id)};
    });
    feed.flush();

    Outcome outcome;
    auto const text = config(broker, emulators);
    {
        RunningDaemon daemon(folder, "first", text);
        REQUIRE(daemon.has_started());
        if (!await([&] { return emulators.tecton_stats().records_written >= killed_at; }))
            FAIL(daemon.story());
        daemon.process().signal(SIGKILL);
        REQUIRE(daemon.process().wait(patience) == 128 + SIGKILL);
        outcome.written_at_kill = emulators.tecton_stats().records_written;
        outcome.warnings += count(daemon.log(), refusal);
    }
    // Kafka gives every cluster an id, so that a map is never taken for another cluster's.
    for (auto const& metadata : observer.commit_metadata(group, "events", partitions)) {
        CHECK((map == Map::kept || metadata.empty()));
        if (!metadata.empty()) CHECK(metadata.substr(0, 21).find(" - ") == std::string::npos);
        outcome.map_bytes_max = std::max(outcome.map_bytes_max, metadata.size());
    }
    emulators.mend_tecton();
    RunningDaemon daemon(folder, "second", text);
    REQUIRE(daemon.has_started());
    auto const is_through = [&] {
        return observer.committed(group, "events", partitions) ==
               observer.ends("events", partitions);
    };
    if (!await(is_through, 2 * patience)) FAIL(daemon.story());
    outcome.missing = emulators.tecton_missing("clicks", records);
    outcome.duplicates = emulators.tecton_duplicates("clicks");
    outcome.skipped =
        daemon.metric("headrace_records_skipped_total", {{"reason", "already_settled"}});
    outcome.unaccounted = daemon.metric("headrace_records_unaccounted");
    outcome.warnings += count(daemon.log(), refusal);
    CHECK(daemon.terminate() == 0);
    return outcome;
}

/// `name` without blanks.
void tell(std::string const& name, std::int64_t records, Outcome const& outcome) {
    figure("duplicates." + name + ".written_twice", static_cast<double>(outcome.duplicates),
           "of_" + std::to_string(records) + "_records");
    figure("duplicates." + name + ".skipped", outcome.skipped, "records");
    figure("duplicates." + name + ".map", static_cast<double>(outcome.map_bytes_max), "bytes");
}

TEST_CASE("after kill -9 a stuck record makes only what was in flight be written again") {
    constexpr std::int64_t records = 20'000;
    auto const outcome = kill_and_restart(records, 10'000, Map::kept, Stuck::first_request);
    tell("map.one_request_stuck", records, outcome);
    CHECK(outcome.missing == 0);
    CHECK(outcome.unaccounted == 0);
    CHECK(outcome.duplicates < duplicates_max);
    CHECK(outcome.skipped > 2'000);
}

TEST_CASE("brokers that refuse the map get commits without it, and nothing is missing") {
    constexpr std::int64_t records = 5'000;
    auto const outcome = kill_and_restart(records, 3'000, Map::refused, Stuck::first_request);
    tell("no_map.one_request_stuck", records, outcome);
    CHECK(outcome.missing == 0);
    CHECK(outcome.unaccounted == 0);
    CHECK(outcome.skipped == 0);
    // Once by each process; the second may have found no gap to tell of.
    CHECK((outcome.warnings == 1 || outcome.warnings == 2));
}

TEST_CASE("100,000 records, killed under load: duplicates with the map and without it", "[soak]") {
    constexpr std::int64_t records = 100'000;
    for (auto const stuck : {Stuck::nothing, Stuck::first_request}) {
        for (auto const map : {Map::kept, Map::refused}) {
            auto const outcome = kill_and_restart(records, 50'000, map, stuck);
            std::string name = map == Map::kept ? "map" : "no_map";
            name += stuck == Stuck::nothing ? ".nothing_stuck" : ".one_request_stuck";
            tell(name, records, outcome);
            CHECK(outcome.missing == 0);
            CHECK(outcome.unaccounted == 0);
            if (map == Map::kept) CHECK(outcome.duplicates < duplicates_max);
        }
    }
}

}  // namespace
}  // namespace headrace::integration
