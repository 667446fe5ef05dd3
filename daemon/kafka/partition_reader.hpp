// Reads assigned partitions and knows where each stands: takes messages from the one queue in which
// all partitions are collected, sorts them by partition, turns them into records, notices records
// that were lost to retention, and guards against positions that librdkafka moves on errors.
// Internal to this folder; used by kafka_source. Invariant: a position never passes a record that
// was not handed out, unless the record is gone. Thread safety: belongs to the consumer thread.
#pragma once

#include "kafka/rdkafka_handles.hpp"
#include "kafka/slot_table.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace headrace::kafka {

/// What reading brought to light besides records; the source acts on it in serve().
struct ReadNotes {
    struct Expiry {
        flow::TopicPartition const* origin = nullptr;
        ExpiredRange range;
    };
    struct Fault {
        flow::TopicPartition const* origin = nullptr;
        rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
        std::string text;
    };
    std::vector<Expiry> expiries;
    std::vector<Fault> faults;

    [[nodiscard]] bool empty() const noexcept { return expiries.empty() && faults.empty(); }
};

class PartitionReader {
  public:
    struct Parts {
        rd_kafka_t* client = nullptr;
        rd_kafka_queue_t* records = nullptr;  ///< Where all partitions are collected.
        SlotTable& slots;
        ReadNotes& notes;
        std::size_t held_bytes_max = 0;  ///< Of all held partitions together, before they pause.
    };

    explicit PartitionReader(Parts parts) : parts_(parts) {}

    /// What comes from here on is looked for again.
    void begin_turn() noexcept { is_drained_ = false; }

    /// Moves up to `max` records to the end of `out`, without waiting; the number of records.
    std::size_t read(flow::Slot slot, std::size_t max, std::vector<flow::Record>& out);

    /// A held partition is paused once it would stand in the way of others. REQUIRES: the slot is
    /// taken.
    void hold(flow::Slot slot, bool is_held);

    /// Begins again at the partition's first record: its topic was made anew. What waits is the old
    /// topic's, or comes again.
    void restart(flow::Slot slot);

    /// Bytes that wait in librdkafka's queue and in the slots; an estimate by the records of late.
    [[nodiscard]] std::size_t prefetched_bytes() const;

  private:
    void take_burst();
    void sort_in(rd_kafka_message_t* message);
    [[nodiscard]] SlotState* find(rd_kafka_message_t const& message);
    void keep(SlotState& state, Handle<rd_kafka_message_t> message);

    Parts parts_;
    bool is_drained_ = false;  ///< The queue was empty in this turn.
    std::vector<flow::Slot> to_correct_;
    std::size_t cost_of_late_ = 1024;  ///< Of a record, a running mean.

    /// The partition of the message before, as most come in runs.
    rd_kafka_topic_t* last_topic_ = nullptr;
    std::int32_t last_partition_ = -1;
    std::optional<flow::Slot> last_slot_;
};

/// Lets librdkafka fetch a paused partition again, from what was taken last on.
void resume_fetching(rd_kafka_t* client, SlotState& slot);

/// The offset after the last record handed out, or after the marks of transactions that were passed
/// over since.
[[nodiscard]] flow::Offset position_of(rd_kafka_t* client, SlotState const& slot);

/// The high watermark; or the end as the broker said when asked, if that is newer, or if it is the
/// last stable offset at which reading waits.
[[nodiscard]] flow::PartitionEnd end_of(rd_kafka_t* client, SlotState const& slot);

/// Nothing was read since the last call although the high watermark is not reached. Either an open
/// transaction is why, or reading rests: then librdkafka soon fetches no more, and its watermark
/// stands still.
[[nodiscard]] bool must_ask_for_end(rd_kafka_t* client, SlotState& slot);

}  // namespace headrace::kafka
