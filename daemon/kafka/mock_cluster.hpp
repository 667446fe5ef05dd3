// A Kafka cluster inside this process: librdkafka's mock cluster, for the demo and for tests. Its
// brokers listen on loopback ports of their own. It keeps 5 MiB of each partition and then forgets
// the oldest, and knows no authentication. Thread safety: any thread.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace headrace::kafka {

/// Requests that can be made to fail, by Kafka's own numbers.
enum class MockRequest : std::int16_t {
    produce = 0,            ///< Records written.
    fetch = 1,              ///< Records read.
    list_offsets = 2,       ///< Offsets by time, first and last.
    metadata = 3,           ///< Brokers and topics.
    offset_commit = 8,      ///< A group's positions written.
    offset_fetch = 9,       ///< A group's positions read.
    find_coordinator = 10,  ///< Who leads a group.
    join_group = 11,        ///< A member joins.
    heartbeat = 12,         ///< A member is alive.
    sync_group = 14,        ///< A member asks what it was assigned.
    init_producer_id = 22,  ///< An idempotent producer begins.
};

class MockCluster {
  public:
    static Result<std::unique_ptr<MockCluster>> make(int brokers = 1);
    ~MockCluster();
    MockCluster(MockCluster const&) = delete;
    MockCluster& operator=(MockCluster const&) = delete;

    [[nodiscard]] std::string bootstrap() const;
    [[nodiscard]] Result<void> create_topic(std::string const& name, int partitions);

    /// The next requests of this kind fail with these codes of Kafka's protocol, in order; 0 lets
    /// one pass.
    void push_errors(MockRequest request, std::vector<int> const& codes);
    void clear_errors(MockRequest request);

    /// Every request for the topic fails with this code of Kafka's protocol; 0 ends it.
    void fail_topic(std::string const& name, int code);

    /// All brokers drop their connections and refuse new ones.
    void stop_brokers();
    void start_brokers();

    /// One of them, by its number from 1 on.
    void stop_broker(int number);
    void start_broker(int number);
    /// The partition's records are that broker's from now on.
    void move_leader(std::string const& topic, std::int32_t partition, int broker);
    /// The group's commits and members are that broker's from now on.
    void move_coordinator(std::string const& group, int broker);

    /// Every answer takes so long.
    void set_round_trip(std::chrono::milliseconds time);

  private:
    struct Impl;
    explicit MockCluster(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::kafka
