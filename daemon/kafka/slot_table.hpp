// The partitions that are assigned, by slot number, with the records that wait to be read from
// them, and every origin that was ever assigned, kept for the route's life. Internal to this
// folder: bookkeeping of kafka_source and group_membership, without a call to the brokers. Thread
// safety: belongs to the consumer thread; an origin may be read from any thread.
#pragma once

#include "flow/source.hpp"
#include "kafka/rdkafka_handles.hpp"

#include <boost/circular_buffer.hpp>

#include <cstddef>
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
    /// Taken from librdkafka and not read yet. Keeps its memory, as a deque does not.
    boost::circular_buffer<Handle<rd_kafka_message_t>> waiting =
        boost::circular_buffer<Handle<rd_kafka_message_t>>();
    std::size_t waiting_bytes = 0;
    flow::Offset position = 0;  ///< The next offset to read.
    flow::Offset taken = 0;     ///< The next offset to take from librdkafka.
    /// The end as the broker said, the last stable offset when read committed; -1: not asked.
    flow::Offset asked_end = -1;
    flow::Offset seen_at = -1;  ///< The position when reading was last looked at.
    bool trusts_client = true;  ///< librdkafka's own position may be used as well.
    bool must_correct = false;  ///< librdkafka's own position is wrong: see partition_reader.
    bool is_revoking = false;   ///< Nothing is read any more.
    bool is_held = false;       ///< Nothing is read for a while.
    bool is_paused = false;     ///< librdkafka fetches nothing of it.
};

/// What a record costs while it waits: librdkafka's bookkeeping and its bytes.
[[nodiscard]] std::size_t waiting_cost(rd_kafka_message_t const& message) noexcept;

class SlotTable {
  public:
    flow::TopicPartition const* intern(std::string_view topic, std::int32_t partition);

    flow::Slot add(flow::TopicPartition const* origin, flow::Offset begin);
    void remove(flow::Slot slot);

    /// A record to the end of those that wait.
    void put(SlotState& state, Handle<rd_kafka_message_t> message);
    /// The first of those that wait. REQUIRES: there is one.
    [[nodiscard]] Handle<rd_kafka_message_t> take_first(SlotState& state);
    void set_held(SlotState& state, bool is_held) noexcept;

    /// Records that wait in slots that are not held.
    [[nodiscard]] std::size_t readable() const noexcept { return readable_; }
    /// Of all records that wait.
    [[nodiscard]] std::size_t waiting_bytes() const noexcept { return waiting_bytes_; }

    [[nodiscard]] std::optional<flow::Slot> find(std::string_view topic,
                                                 std::int32_t partition) const;
    /// nullptr if the slot is free or unknown.
    [[nodiscard]] SlotState* state(flow::Slot slot) noexcept;
    [[nodiscard]] SlotState const* state(flow::Slot slot) const noexcept;
    [[nodiscard]] std::vector<flow::Slot> all() const;

  private:
    std::map<std::pair<std::string, std::int32_t>, std::unique_ptr<flow::TopicPartition>> origins_;
    std::deque<SlotState> slots_;
    std::size_t readable_ = 0;
    std::size_t waiting_bytes_ = 0;
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
