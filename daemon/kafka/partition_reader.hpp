// Reads assigned partitions and knows where each stands: turns messages into records, notices
// records that were lost to retention, and guards against positions that librdkafka moves on
// errors. Internal to this folder; used by kafka_source. Invariant: a position never passes a
// record that was not handed out, unless the record is gone. Thread safety: belongs to the consumer
// thread.
#pragma once

#include "kafka/rdkafka_handles.hpp"
#include "kafka/slot_table.hpp"

#include <optional>
#include <string>
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

/// Moves up to `max` records to the end of `out`, without waiting; the number of records.
std::size_t read_partition(rd_kafka_t* client, SlotState& slot, std::size_t max,
                           std::vector<flow::Record>& out, ReadNotes& notes);

/// The offset after the last record handed out, or after the marks of transactions that were passed
/// over since.
[[nodiscard]] flow::Offset position_of(rd_kafka_t* client, SlotState const& slot);

/// The high watermark, or the last stable offset if that is known to be what reading waits at.
[[nodiscard]] flow::PartitionEnd end_of(rd_kafka_t* client, SlotState const& slot);

/// Nothing is prefetched although the high watermark is not reached: an open transaction may be
/// why.
[[nodiscard]] bool may_be_behind_a_transaction(rd_kafka_t* client, SlotState const& slot);

}  // namespace headrace::kafka
