#include "kafka/slot_table.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace headrace::kafka {
namespace {

/// librdkafka's message, an operation in its queue, takes some 430 bytes.
constexpr std::size_t message_overhead_bytes = 512;

}  // namespace

std::size_t waiting_cost(rd_kafka_message_t const& message) noexcept {
    return message.len + message.key_len + message_overhead_bytes;
}

flow::TopicPartition const* SlotTable::intern(std::string_view topic, std::int32_t partition) {
    auto const [entry, is_new] = origins_.try_emplace({std::string(topic), partition});
    if (is_new) {
        auto const seed = mix(static_cast<std::uint64_t>(partition) + 1);
        entry->second = std::make_unique<flow::TopicPartition>(
            flow::TopicPartition{std::string(topic), partition, hash_bytes(topic, seed)});
    }
    return entry->second.get();
}

flow::Slot SlotTable::add(flow::TopicPartition const* origin, flow::Offset begin) {
    auto free = std::find_if(slots_.begin(), slots_.end(),
                             [](SlotState const& slot) { return slot.origin == nullptr; });
    if (free == slots_.end()) {
        slots_.emplace_back();
        free = std::prev(slots_.end());
    }
    free->origin = origin;
    free->position = begin;
    free->taken = begin;
    return static_cast<flow::Slot>(free - slots_.begin());
}

void SlotTable::remove(flow::Slot slot) {
    auto* const removed = state(slot);
    if (removed == nullptr) return;
    set_held(*removed, true);
    waiting_bytes_ -= removed->waiting_bytes;
    *removed = SlotState{};
}

void SlotTable::put(SlotState& state, Handle<rd_kafka_message_t> message) {
    auto const cost = waiting_cost(*message);
    auto& waiting = state.waiting;
    if (waiting.full()) waiting.set_capacity(std::max<std::size_t>(2 * waiting.capacity(), 16));
    waiting.push_back(std::move(message));
    state.waiting_bytes += cost;
    waiting_bytes_ += cost;
    if (!state.is_held) ++readable_;
}

Handle<rd_kafka_message_t> SlotTable::take_first(SlotState& state) {
    auto message = std::move(state.waiting.front());
    state.waiting.pop_front();
    auto const cost = waiting_cost(*message);
    state.waiting_bytes -= cost;
    waiting_bytes_ -= cost;
    if (!state.is_held) --readable_;
    return message;
}

void SlotTable::set_held(SlotState& state, bool is_held) noexcept {
    if (std::exchange(state.is_held, is_held) == is_held) return;
    if (is_held) {
        readable_ -= state.waiting.size();
    } else {
        readable_ += state.waiting.size();
    }
}

std::optional<flow::Slot> SlotTable::find(std::string_view topic, std::int32_t partition) const {
    for (flow::Slot slot = 0; slot != slots_.size(); ++slot) {
        auto const* const origin = slots_[slot].origin;
        if (origin != nullptr && origin->partition == partition && origin->topic == topic)
            return slot;
    }
    return std::nullopt;
}

SlotState* SlotTable::state(flow::Slot slot) noexcept {
    return slot < slots_.size() && slots_[slot].origin != nullptr ? &slots_[slot] : nullptr;
}

SlotState const* SlotTable::state(flow::Slot slot) const noexcept {
    return slot < slots_.size() && slots_[slot].origin != nullptr ? &slots_[slot] : nullptr;
}

std::vector<flow::Slot> SlotTable::all() const {
    std::vector<flow::Slot> taken;
    for (flow::Slot slot = 0; slot != slots_.size(); ++slot) {
        if (slots_[slot].origin != nullptr) taken.push_back(slot);
    }
    return taken;
}

std::optional<ExpiredRange> expired_between(flow::Offset position, flow::Offset found,
                                            flow::Offset low) noexcept {
    if (found < position) return ExpiredRange{position, found};
    if (found > position && low > position) return ExpiredRange{position, std::min(found, low)};
    return std::nullopt;
}

}  // namespace headrace::kafka
