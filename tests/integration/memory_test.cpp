// The memory ceiling: what the process takes at most (VmHWM) while more records wait at a real
// Apache Kafka than limits.memory holds, and the destination hangs, or one request of it does.
#include "harness/emulators.hpp"
#include "harness/feed.hpp"
#include "harness/figures.hpp"
#include "harness/kafka_broker.hpp"
#include "harness/kafka_observer.hpp"
#include "harness/running_daemon.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <fstream>

namespace headrace::integration {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t value_bytes = 1024;
/// What the process may take besides limits.memory: code, stacks, sockets, the C library's slack.
constexpr std::size_t beside_mib = 64;
/// How far what is accounted may pass the limit for a moment: one answer, decompressed.
constexpr double burst_mib = 4;
/// The sanitizers' own memory hides the process's: then only what is accounted is judged.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool tells_memory = false;
#else
constexpr bool tells_memory = true;
#endif

struct Shape {
    char const* name;
    int partitions;
    char const* codec;
    int limit_mib;
    char const* batch;
};

/// Values of one kibibyte. Compressed in the batches of this producer, at least 20 times smaller.
void write_records(KafkaBroker const& broker, Shape const& shape, std::int64_t count) {
    auto made =
        kafka::Producer::make(broker.bootstrap(), {{"compression.codec", shape.codec},
                                                   {"linger.ms", "50"},
                                                   {"batch.size", "1000000"},
                                                   {"acks", "1"},
                                                   {"queue.buffering.max.kbytes", "65536"}});
    REQUIRE(made.has_value());
    for (std::int64_t id = 0; id != count; ++id) {
        auto value = click(id);
        value.pop_back();
        value += R"(,"note":")";
        value.append(value_bytes - value.size() - 2, 'x');
        value += "\"}";
        auto const key = "key-" + std::to_string(id);
        kafka::OutgoingRecord const record{
            .topic = "clicks",
            .partition = static_cast<std::int32_t>(id % shape.partitions),
            .key = key,
            .value = value,
            .headers = {}};
        while (!(*made)->produce(record)) {
            std::ignore = (*made)->flush(10ms);
        }
    }
    REQUIRE((*made)->flush(60s).has_value());
}

std::string config(KafkaBroker const& broker, Emulators const& emulators, Shape const& shape) {
    return "kafka: {bootstrap_servers: \"" + broker.bootstrap() +
           "\"}\nadmin: {listen: 127.0.0.1:0}\nlimits: {drain_secs: 5, memory: " +
           std::to_string(shape.limit_mib) + R"(MiB}
routes:
  - name: clicks
    source: {topics: [clicks]}
    http: {timeout_secs: 600}
    batch: )" +
           shape.batch + R"(
    destination: {type: tecton, url: ")" +
           emulators.tecton_url() + R"(", api_key: demo-key, workspace_name: prod,
                  stream_source_name: clicks}
)";
}

emulator::TectonSettings forgetful_tecton() {
    auto settings = emulator::default_tecton_settings();
    settings.switches.store = emulator::StoreForm::counts;
    settings.switches.accept_unknown = true;
    return settings;
}

emulator::FaultRule hang() {
    emulator::FaultRule rule;
    rule.fault.kind = emulator::FaultKind::stall;
    rule.fault.wait_ms = 600'000;
    return rule;
}

double peak_mib(RunningDaemon& daemon) {
    std::ifstream status("/proc/" + std::to_string(daemon.process().pid()) + "/status");
    std::string word;
    double kibibytes = 0;
    while (status >> word) {
        if (word == "VmHWM:") status >> kibibytes;
    }
    return kibibytes / 1024;
}

/// Judges memory from now on until `condition` holds, and then for as long as reading goes on.
void watch(RunningDaemon& daemon, Shape const& shape, std::function<bool()> const& condition) {
    auto const limit = static_cast<double>(shape.limit_mib) * 1024 * 1024;
    double accounted = 0;
    double read = -1;
    auto const is_over = [&] {
        accounted = std::max(accounted, daemon.metric("headrace_memory_bytes"));
        auto const before = std::exchange(read, daemon.metric("headrace_records_read_total"));
        return read > 0 && read == before && condition();
    };
    INFO(shape.name);
    if (!await(is_over, 240s)) FAIL(daemon.story());
    auto const name = std::string("memory.") + shape.name;
    figure(name + ".accounted", accounted / 1024 / 1024, "MiB");
    // What librdkafka decompresses at once is counted when it is there.
    CHECK(accounted <= limit + burst_mib * 1024 * 1024);
    if (!tells_memory) return;
    figure(name + ".peak", peak_mib(daemon), "MiB");
    CHECK(peak_mib(daemon) <= shape.limit_mib + static_cast<double>(beside_mib));
}

std::vector<Shape> shapes() {
    constexpr char const* usual = "{}";
    constexpr char const* large = "{batch_size: 10000, allow_larger_batches: true, bytes: 4MiB}";
    if (sized(0, 1) == 0) {
        return {{"32-mib-8-partitions", 8, "none", 32, large},
                {"32-mib-200-partitions-zstd", 200, "zstd", 32, large}};
    }
    return {{"256-mib-1-partition", 1, "none", 256, large},
            {"256-mib-8-partitions", 8, "none", 256, usual},
            {"256-mib-200-partitions", 200, "none", 256, large},
            {"256-mib-1-partition-zstd", 1, "zstd", 256, large},
            {"256-mib-8-partitions-zstd", 8, "zstd", 256, large},
            {"256-mib-200-partitions-zstd", 200, "zstd", 256, large},
            {"64-mib-1-partition", 1, "none", 64, large},
            {"64-mib-8-partitions-zstd", 8, "zstd", 64, large},
            {"64-mib-200-partitions-zstd", 200, "zstd", 64, large}};
}

TEST_CASE("a destination that hangs leaves memory under its ceiling, however much waits") {
    for (auto const& shape : shapes()) {
        TemporaryFolder const folder;
        KafkaBroker const broker;
        KafkaObserver observer(broker.bootstrap());
        observer.create_topic("clicks", shape.partitions);
        auto const total = sized(150'000, 2'000'000);
        write_records(broker, shape, total);
        Emulators emulators{{.tecton = forgetful_tecton()}};
        emulators.break_tecton(hang());
        RunningDaemon daemon(folder, "daemon", config(broker, emulators, shape));
        REQUIRE(daemon.has_started());
        watch(daemon, shape, [&] { return daemon.metric("headrace_requests_in_flight") > 0; });
        CHECK(daemon.metric("headrace_records_read_total") < static_cast<double>(total));
        CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    }
}

TEST_CASE("one request that is never answered holds up its partition alone, within the memory") {
    Shape const shape{"stuck-8-partitions", 8, "none", static_cast<int>(sized(32, 256)), "{}"};
    TemporaryFolder const folder;
    KafkaBroker const broker;
    KafkaObserver observer(broker.bootstrap());
    observer.create_topic("clicks", shape.partitions);
    auto const total = sized(150'000, 2'000'000);
    write_records(broker, shape, total);
    Emulators emulators{{.tecton = forgetful_tecton()}};
    auto rule = hang();
    rule.count = 1;
    emulators.break_tecton(rule);
    RunningDaemon daemon(folder, "daemon", config(broker, emulators, shape));
    REQUIRE(daemon.has_started());
    // Of the other partitions everything; of those with a stuck record what may run ahead of it.
    watch(daemon, shape, [&] {
        auto const behind = observer.ends("clicks", shape.partitions);
        auto const committed = observer.committed("headrace-clicks", "clicks", shape.partitions);
        int through = 0;
        for (std::size_t i = 0; i != behind.size(); ++i) {
            through += behind[i] == committed[i] ? 1 : 0;
        }
        // A request holds at most ten records, mostly of one partition.
        return through >= 1 && daemon.metric("headrace_records_in_flight") <= 10;
    });
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
}

}  // namespace
}  // namespace headrace::integration
