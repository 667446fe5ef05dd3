// The partitions that are assigned, by slot number, and every origin that was ever assigned, kept
// for the route's life. Internal to this folder: bookkeeping of kafka_source and group_membership,
// without a call to the brokers. Thread safety: belongs to the consumer thread; an origin may be
// read from any thread.
#pragma once

#include "flow/source.hpp"
#include "kafka/rdkafka_handles.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headrace::kafka {

struct SlotState {
    flow::TopicPartition const* origin = nullptr;  ///< nullptr: the slot is free.
    Handle<rd_kafka_queue_t> queue;  ///< The partition's own queue in this assignment.
    flow::Offset position = 0;       ///< The next offset to read.
    flow::Offset stable_end = -1;    ///< The last stable offset as last heard of; -1: not yet.
    bool trusts_client = true;       ///< librdkafka's own position may be used as well.
    bool must_correct = false;       ///< librdkafka's own position is wrong: see partition_reader.
    bool is_revoking = false;        ///< Nothing is read any more.
};

class SlotTable {
  public:
    flow::TopicPartition const* intern(std::string_view topic, std::int32_t partition);

    flow::Slot add(flow::TopicPartition const* origin, flow::Offset begin);
    void remove(flow::Slot slot);

    [[nodiscard]] std::optional<flow::Slot> find(std::string_view topic,
                                                 std::int32_t partition) const;
    /// nullptr if the slot is free or unknown.
    [[nodiscard]] SlotState* state(flow::Slot slot) noexcept;
    [[nodiscard]] SlotState const* state(flow::Slot slot) const noexcept;
    [[nodiscard]] std::vector<flow::Slot> all() const;

  private:
    std::map<std::pair<std::string, std::int32_t>, std::unique_ptr<flow::TopicPartition>> origins_;
    std::vector<SlotState> slots_;
};

struct ExpiredRange {
    flow::Offset from = 0;
    flow::Offset to = 0;
};

/// Whether records were lost to retention between `position`, where reading stood, and `found`,
/// where it went on. `low` is the partition's first offset as last heard: a gap above it is
/// compaction or a transaction's mark. A `found` below `position` means that the partition was made
/// anew; the range then has `to` < `from`.
[[nodiscard]] std::optional<ExpiredRange> expired_between(flow::Offset position, flow::Offset found,
                                                          flow::Offset low) noexcept;

}  // namespace headrace::kafka
