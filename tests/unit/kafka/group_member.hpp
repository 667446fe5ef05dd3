// A member of a group as tests drive it: a KafkaSource, everything that it told, and the records
// that it gave.
#pragma once

#include "base/clock.hpp"
#include "kafka/kafka_source.hpp"
#include "kafka/mock_cluster.hpp"
#include "kafka/producer.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace headrace::kafka {

using namespace std::chrono_literals;

class GroupMember final : public flow::SourceListener {
  public:
    struct Partition {
        flow::TopicPartition const* origin = nullptr;
        std::optional<flow::Offset> committed;
        std::string metadata;
        std::string cluster_id;
    };
    struct Seen {
        std::string topic;
        std::int32_t partition = 0;
        flow::Offset offset = 0;
        std::optional<std::string> key;
        std::optional<std::string> value;
        std::int64_t timestamp_ms = 0;
    };
    struct Expired {
        std::int32_t partition = 0;
        flow::Offset from = 0;
        flow::Offset to = 0;
    };

    explicit GroupMember(SourceSettings settings)
        : source(std::move(settings), clock,
                 [this](LogLevel, std::string_view line) { log.emplace_back(line); }) {}

    void on_assigned(std::span<flow::Assigned const> partitions) override {
        ++assignments;
        for (auto const& entry : partitions)
            slots[entry.slot] = {entry.origin, entry.committed, entry.metadata, entry.cluster_id};
    }
    void on_revoking(std::span<flow::Slot const> taken) override {
        ++revocations;
        revoking.assign(taken.begin(), taken.end());
        if (releases_at_once) release();
    }
    void on_lost(std::span<flow::Slot const> taken) override {
        ++losses;
        for (auto const slot : taken)
            slots.erase(slot);
    }
    void on_committed(std::span<flow::CommitPoint const> points,
                      Result<void> const& result) override {
        commits.emplace_back(points.empty() ? -1 : points.front().offset, result);
    }
    void on_expired(flow::TopicPartition const& origin, flow::Offset from,
                    flow::Offset to) override {
        expired.push_back({origin.partition, from, to});
    }
    void on_trouble(Error const& error) override { troubles.push_back(error); }
    void on_recovered() override { ++recoveries; }

    void start() {
        auto const started = source.start();
        INFO((started ? "" : started.error().message));
        REQUIRE(started.has_value());
    }
    void release() {
        source.release(revoking);
        for (auto const slot : revoking)
            slots.erase(slot);
        revoking.clear();
    }

    /// Serves, and reads every slot if asked, until `done` or until `limit` has passed.
    bool pump(std::function<bool()> const& done, Duration limit = 15s) {
        auto const deadline = clock.now() + limit;
        while (true) {
            source.serve(*this);
            if (reads) read_all();
            if (done()) return true;
            if (clock.now() >= deadline) return false;
            source.wait(clock.now() + 20ms);
        }
    }
    void read_all(std::size_t max = 1000) {
        for (auto const& [slot, partition] : slots) {
            std::vector<flow::Record> batch;
            source.read(slot, max, batch);
            for (auto& record : batch)
                keep(std::move(record));
        }
    }
    void keep(flow::Record record) {
        auto const text = [](auto const& view) {
            return view ? std::optional{std::string(*view)} : std::nullopt;
        };
        seen.push_back({record.origin->topic, record.origin->partition, record.offset,
                        text(record.key), text(record.value), record.timestamp_ms});
        if (keeps_records) records.push_back(std::move(record));
    }
    [[nodiscard]] std::optional<flow::Slot> slot_of(std::int32_t partition) const {
        for (auto const& [slot, entry] : slots) {
            if (entry.origin->partition == partition) return slot;
        }
        return std::nullopt;
    }
    /// Commits where reading stands in every partition, and waits for the answer.
    bool commit_all() {
        std::vector<flow::CommitPoint> points;
        for (auto const& [slot, entry] : slots)
            points.push_back({entry.origin, *source.position(slot)});
        auto const before = commits.size();
        source.commit(points);
        return pump([&] { return commits.size() > before; }) && commits.back().second.has_value();
    }
    bool close() {
        records.clear();
        return source.close(clock.now() + 10s);
    }

    SystemClock clock;
    std::vector<std::string> log;
    KafkaSource source;
    std::map<flow::Slot, Partition> slots;
    std::vector<flow::Slot> revoking;
    std::vector<Seen> seen;
    std::vector<flow::Record> records;
    std::vector<std::pair<flow::Offset, Result<void>>> commits;
    std::vector<Expired> expired;
    std::vector<Error> troubles;
    int assignments = 0;
    int revocations = 0;
    int losses = 0;
    int recoveries = 0;
    bool releases_at_once = true;
    bool reads = true;
    bool keeps_records = false;
};

inline std::unique_ptr<MockCluster> make_cluster(std::string const& topic, int partitions,
                                                 int brokers = 1) {
    auto cluster = MockCluster::make(brokers);
    REQUIRE(cluster.has_value());
    REQUIRE((*cluster)->create_topic(topic, partitions).has_value());
    return std::move(*cluster);
}

inline SourceSettings settings_for(MockCluster const& cluster, std::string const& topic) {
    SourceSettings settings;
    settings.bootstrap_servers = cluster.bootstrap();
    // Quick rebalances; the defaults suit real clusters.
    settings.properties = {{"heartbeat.interval.ms", "100"}, {"session.timeout.ms", "2500"}};
    settings.topics = {topic};
    settings.group = "group";
    settings.prefetch_bytes = 16 << 20;
    settings.message_bytes_max = 1 << 20;
    return settings;
}

/// Writes `count` records to one partition; keys and values are "k0", "v0" and so on from `first`
/// on.
inline void fill(MockCluster const& cluster, std::string const& topic, std::int32_t partition,
                 int count, int first = 0) {
    auto producer = Producer::make(cluster.bootstrap());
    REQUIRE(producer.has_value());
    for (int i = first; i != first + count; ++i) {
        auto const key = "k" + std::to_string(i);
        auto const value = "v" + std::to_string(i);
        OutgoingRecord const record{
            .topic = topic, .partition = partition, .key = key, .value = value, .headers = {}};
        REQUIRE((*producer)->produce(record).has_value());
    }
    REQUIRE((*producer)->flush(10s).has_value());
}

}  // namespace headrace::kafka
