#include "kafka/partition_reader.hpp"

#include "kafka/look_ups.hpp"
#include "kafka/message_record.hpp"

#include <algorithm>
#include <array>

namespace headrace::kafka {
namespace {

constexpr std::size_t read_batch = 512;

struct Watermarks {
    flow::Offset low = -1;
    flow::Offset high = -1;
};

/// As last heard of, without asking.
Watermarks watermarks(rd_kafka_t* client, SlotState const& slot) {
    Watermarks marks;
    rd_kafka_get_watermark_offsets(client, slot.origin->topic.c_str(), slot.origin->partition,
                                   &marks.low, &marks.high);
    return marks;
}

Handle<rd_kafka_topic_partition_list_t> one(SlotState const& slot) {
    return make_list({{{slot.origin->topic, slot.origin->partition}, std::nullopt, slot.position}});
}

/// librdkafka's own position may stand behind ours by now; after a rebalance it would go on there
/// and leave records out. A seek makes it forget. Until the next assignment only our own position
/// counts.
void correct(rd_kafka_t* client, SlotState& slot) {
    slot.must_correct = false;
    slot.trusts_client = false;
    Handle<rd_kafka_error_t> const ignored{rd_kafka_seek_partitions(client, one(slot).get(), 0)};
}

void move_to(rd_kafka_t* client, SlotState& slot, flow::Offset found, ReadNotes& notes) {
    auto const range = expired_between(slot.position, found, watermarks(client, slot).low);
    if (range) notes.expiries.push_back({slot.origin, *range});
    // It keeps the highest position that it ever had in an assignment.
    if (found < slot.position) slot.must_correct = true;
    slot.position = found;
}

/// True if the message was a record.
bool take(rd_kafka_t* client, SlotState& slot, rd_kafka_message_t* message,
          std::vector<flow::Record>& out, ReadNotes& notes) {
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        out.push_back(to_record(message, *slot.origin));
        if (message->offset != slot.position) move_to(client, slot, message->offset, notes);
        slot.position = flow::next(message->offset);
        return true;
    }
    notes.faults.push_back({slot.origin, message->err, rd_kafka_message_errstr(message)});
    // Reading in bulk, librdkafka 2.8 takes an error's offset for that of a record and moves past
    // it.
    if (message->offset >= slot.position) slot.must_correct = true;
    rd_kafka_message_destroy(message);
    return false;
}

}  // namespace

std::size_t read_partition(rd_kafka_t* client, SlotState& slot, std::size_t max,
                           std::vector<flow::Record>& out, ReadNotes& notes) {
    std::array<rd_kafka_message_t*, read_batch> messages{};
    std::size_t taken = 0;
    while (taken < max) {
        auto const wanted = std::min(max - taken, messages.size());
        auto const got = rd_kafka_consume_batch_queue(slot.queue.get(), 0, messages.data(), wanted);
        if (got <= 0) break;
        auto const count = static_cast<std::size_t>(got);
        for (std::size_t i = 0; i != count; ++i) {
            if (take(client, slot, messages[i], out, notes)) ++taken;
        }
        if (count < wanted) break;
    }
    if (slot.must_correct) correct(client, slot);
    return taken;
}

flow::Offset position_of(rd_kafka_t* client, SlotState const& slot) {
    if (!slot.trusts_client) return slot.position;
    auto const list = one(slot);
    rd_kafka_position(client, list.get());
    return std::max(slot.position, list->elems[0].offset);
}

flow::PartitionEnd end_of(rd_kafka_t* client, SlotState const& slot) {
    if (slot.stable_end == position_of(client, slot) && may_be_behind_a_transaction(client, slot)) {
        return {slot.stable_end};
    }
    return {std::max<flow::Offset>(watermarks(client, slot).high, -1)};
}

bool may_be_behind_a_transaction(rd_kafka_t* client, SlotState const& slot) {
    return rd_kafka_queue_length(slot.queue.get()) == 0 &&
           position_of(client, slot) < watermarks(client, slot).high;
}

}  // namespace headrace::kafka
