#include "kafka/slot_table.hpp"

#include "base/hash.hpp"

#include <algorithm>

namespace headrace::kafka {

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
    if (free == slots_.end()) free = slots_.insert(slots_.end(), SlotState{});
    free->origin = origin;
    free->position = begin;
    return static_cast<flow::Slot>(free - slots_.begin());
}

void SlotTable::remove(flow::Slot slot) {
    if (auto* const taken = state(slot)) *taken = SlotState{};
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
