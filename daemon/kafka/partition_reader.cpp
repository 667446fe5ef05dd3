#include "kafka/partition_reader.hpp"

#include "kafka/look_ups.hpp"
#include "kafka/message_record.hpp"

#include <algorithm>
#include <array>

namespace headrace::kafka {
namespace {

constexpr std::size_t burst_max = 512;
/// A held partition may keep so many records waiting before it is paused.
constexpr std::size_t held_records_max = 64;

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

Handle<rd_kafka_topic_partition_list_t> at(SlotState const& slot, flow::Offset offset) {
    return make_list({{{slot.origin->topic, slot.origin->partition}, std::nullopt, offset}});
}

/// Fetching goes on at what was taken last, whatever librdkafka believes.
void seek(rd_kafka_t* client, SlotState const& slot) {
    Handle<rd_kafka_error_t> const ignored{
        rd_kafka_seek_partitions(client, at(slot, slot.taken).get(), 0)};
}

/// librdkafka's own position may stand behind ours by now; after a rebalance it would go on there
/// and leave records out. A seek makes it forget. Until the next assignment only our own position
/// counts.
void correct(rd_kafka_t* client, SlotState& slot) {
    slot.must_correct = false;
    slot.trusts_client = false;
    seek(client, slot);
}

void pause_fetching(rd_kafka_t* client, SlotState& slot) {
    slot.is_paused = true;
    rd_kafka_pause_partitions(client, at(slot, slot.taken).get());
}

void jump(rd_kafka_t* client, SlotState& slot, flow::Offset found, ReadNotes& notes) {
    auto const range = expired_between(slot.taken, found, watermarks(client, slot).low);
    if (range) notes.expiries.push_back({slot.origin, *range});
    // It keeps the highest position that it ever had in an assignment.
    if (found < slot.taken) slot.must_correct = true;
}

}  // namespace

std::size_t PartitionReader::read(flow::Slot slot, std::size_t max,
                                  std::vector<flow::Record>& out) {
    auto* const state = parts_.slots.state(slot);
    if (state == nullptr || state->is_revoking) return 0;
    // No more than a burst is taken ahead, so that records stay where librdkafka's limits count
    // them.
    if (state->waiting.empty() && !is_drained_ && parts_.slots.readable() < burst_max) take_burst();
    std::size_t count = 0;
    for (; count < max && !state->waiting.empty(); ++count) {
        auto message = parts_.slots.take_first(*state);
        state->position = flow::next(message->offset);
        out.push_back(to_record(message.release(), *state->origin));
    }
    if (state->is_paused && !state->is_held && state->waiting.empty())
        resume_fetching(parts_.client, *state);
    return count;
}

void PartitionReader::restart(flow::Slot slot) {
    auto* const state = parts_.slots.state(slot);
    if (state == nullptr || state->is_revoking) return;
    while (!state->waiting.empty())
        std::ignore = parts_.slots.take_first(*state);
    if (state->position != 0)
        parts_.notes.expiries.push_back({state->origin, {state->position, 0}});
    state->position = 0;
    state->taken = 0;
    state->asked_end = -1;
    correct(parts_.client, *state);
}

void PartitionReader::hold(flow::Slot slot, bool is_held) {
    parts_.slots.set_held(*parts_.slots.state(slot), is_held);
}

void PartitionReader::take_burst() {
    std::array<rd_kafka_message_t*, burst_max> messages{};
    auto const got =
        rd_kafka_consume_batch_queue(parts_.records, 0, messages.data(), messages.size());
    auto const count = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    is_drained_ = count < messages.size();
    // Between turns slots come and go.
    last_topic_ = nullptr;
    for (std::size_t i = 0; i != count; ++i) {
        sort_in(messages[i]);
    }
    for (auto const slot : std::exchange(to_correct_, {})) {
        if (auto* const state = parts_.slots.state(slot); state != nullptr && state->must_correct)
            correct(parts_.client, *state);
    }
}

void PartitionReader::sort_in(rd_kafka_message_t* raw) {
    Handle<rd_kafka_message_t> message{raw};
    auto* const state = find(*message);
    if (state == nullptr) return;
    if (state->is_revoking) {
        // It goes to the next owner. librdkafka believes that it was read.
        state->trusts_client = false;
        return;
    }
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        parts_.notes.faults.push_back(
            {state->origin, message->err, rd_kafka_message_errstr(message.get())});
        // Reading in bulk, librdkafka 2.8 takes an error's offset for that of a record and moves
        // past it.
        if (message->offset >= state->taken) state->must_correct = true;
    } else {
        keep(*state, std::move(message));
    }
    if (state->must_correct) to_correct_.push_back(*last_slot_);
}

void PartitionReader::keep(SlotState& state, Handle<rd_kafka_message_t> message) {
    auto const offset = message->offset;
    if (offset != state.taken) jump(parts_.client, state, offset, parts_.notes);
    state.taken = flow::next(offset);
    auto const cost = waiting_cost(*message);
    cost_of_late_ = (15 * cost_of_late_ + cost) / 16;
    parts_.slots.put(state, std::move(message));
    bool const is_in_the_way = state.waiting.size() > held_records_max ||
                               parts_.slots.waiting_bytes() > parts_.held_bytes_max;
    if (state.is_held && !state.is_paused && is_in_the_way) pause_fetching(parts_.client, state);
}

SlotState* PartitionReader::find(rd_kafka_message_t const& message) {
    if (message.rkt == nullptr) return nullptr;
    if (message.rkt != last_topic_ || message.partition != last_partition_) {
        last_topic_ = message.rkt;
        last_partition_ = message.partition;
        last_slot_ = parts_.slots.find(rd_kafka_topic_name(message.rkt), message.partition);
    }
    return last_slot_ ? parts_.slots.state(*last_slot_) : nullptr;
}

std::size_t PartitionReader::prefetched_bytes() const {
    return rd_kafka_queue_length(parts_.records) * cost_of_late_ + parts_.slots.waiting_bytes();
}

void resume_fetching(rd_kafka_t* client, SlotState& slot) {
    slot.is_paused = false;
    rd_kafka_resume_partitions(client, at(slot, slot.taken).get());
    // librdkafka goes on where it believes that reading stood, which an error may have moved.
    seek(client, slot);
}

flow::Offset position_of(rd_kafka_t* client, SlotState const& slot) {
    // What waits was read as far as librdkafka knows.
    if (!slot.trusts_client || !slot.waiting.empty()) return slot.position;
    auto const list = at(slot, slot.position);
    rd_kafka_position(client, list.get());
    return std::max(slot.position, list->elems[0].offset);
}

flow::PartitionEnd end_of(rd_kafka_t* client, SlotState const& slot) {
    auto const high = watermarks(client, slot).high;
    // While nothing is fetched the watermark stands still, and what was asked for is newer.
    if (slot.asked_end > high) return {slot.asked_end};
    auto const position = position_of(client, slot);
    if (slot.asked_end == position && position < high) return {slot.asked_end};
    return {std::max<flow::Offset>(high, -1)};
}

bool must_ask_for_end(rd_kafka_t* client, SlotState& slot) {
    auto const high = watermarks(client, slot).high;
    auto const position = position_of(client, slot);
    bool const has_moved = std::exchange(slot.seen_at, position) != position;
    // What was asked for may be wrong by now too, where a log lost its end.
    return (!has_moved && position < high) || slot.asked_end > high;
}

}  // namespace headrace::kafka
