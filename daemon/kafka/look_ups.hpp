// Questions to the brokers that wait for an answer: start positions, partition counts, whether
// anybody is there. Internal to this folder; runs on a SideThread, never on the consumer thread.
// Thread safety: librdkafka's client may be used from any thread; the functions have no state.
#pragma once

#include "base/result.hpp"
#include "flow/record.hpp"
#include "kafka/rdkafka_handles.hpp"
#include "kafka/start_positions.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace headrace::kafka {

struct StartQuestion {
    StartKind kind = StartKind::earliest;
    std::int64_t time_ms = 0;
    std::vector<PartitionName> assigned;
    bool may_wait = true;
};

struct StartPosition {
    PartitionName name;
    std::optional<flow::Offset> committed;
    flow::Offset begin = 0;
    std::string metadata{};    ///< Of the commit.
    std::string cluster_id{};  ///< Empty: the brokers do not say.
};

struct StartAnswer {
    std::vector<StartPosition> assigned;
    std::vector<StartPosition>
        first_commits;  ///< To be committed before reading begins; other members' partitions too.
    bool must_wait = false;  ///< Nothing else is set.
};

[[nodiscard]] Result<StartAnswer> look_up_starts(rd_kafka_t* client, StartQuestion const& question,
                                                 std::chrono::milliseconds timeout);

struct TopicSize {
    std::string topic;
    std::size_t partitions = 0;
};

/// All topics of the cluster that the user may see, with their partitions.
[[nodiscard]] Result<std::vector<TopicSize>> look_up_topics(rd_kafka_t* client,
                                                            std::chrono::milliseconds timeout);

/// One topic; an Error if it does not exist.
[[nodiscard]] Result<std::size_t> look_up_partitions(rd_kafka_t* client, std::string const& topic,
                                                     std::chrono::milliseconds timeout);

/// How many brokers there are; succeeds if any of them answers.
[[nodiscard]] Result<std::size_t> look_up_brokers(rd_kafka_t* client,
                                                  std::chrono::milliseconds timeout);

struct GroupCommit {
    flow::Offset offset = 0;
    std::string metadata;
};

/// What the group has committed, in the order of `names`.
[[nodiscard]] Result<std::vector<std::optional<GroupCommit>>> look_up_commits(
    rd_kafka_t* client, std::vector<PartitionName> const& names, std::chrono::milliseconds timeout);

/// The partitions' ends in the order of `names`: the last stable offset when read committed, else
/// the high watermark.
[[nodiscard]] Result<std::vector<flow::Offset>> look_up_ends(
    rd_kafka_t* client, std::vector<PartitionName> const& names, std::chrono::milliseconds timeout);

/// A list for librdkafka, metadata included.
[[nodiscard]] Handle<rd_kafka_topic_partition_list_t> make_list(
    std::vector<StartPosition> const& positions);

}  // namespace headrace::kafka
