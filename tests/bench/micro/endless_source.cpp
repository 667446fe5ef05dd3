#include "endless_source.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace headrace::bench {
namespace {

/// The bytes belong to the source, which outlives every record.
constexpr flow::RecordHandle::Operations borrowed{[](void*) noexcept {},
                                                  [](void const*, std::vector<flow::Header>&) {}};

}  // namespace

EndlessSource::EndlessSource(std::vector<std::string> keys, std::vector<std::string> values,
                             std::int32_t partitions)
    : keys_(std::move(keys)), values_(std::move(values)) {
    for (std::int32_t partition = 0; partition < partitions; ++partition) {
        auto const number = static_cast<std::uint64_t>(partition);
        partitions_.push_back({.origin = {"clicks", partition, 1000 + number * 7919}});
    }
    pending_.reserve(partitions_.size());
}

std::uint64_t EndlessSource::committed_records() const noexcept {
    return std::accumulate(partitions_.begin(), partitions_.end(), std::uint64_t{0},
                           [](std::uint64_t sum, Partition const& partition) {
                               return sum + static_cast<std::uint64_t>(partition.committed);
                           });
}

void EndlessSource::serve(flow::SourceListener& listener) {
    if (!std::exchange(is_assigned_, true)) {
        std::vector<flow::Assigned> assigned;
        for (flow::Slot slot = 0; slot < partitions_.size(); ++slot) {
            assigned.push_back({slot, &partitions_[slot].origin, std::nullopt});
        }
        listener.on_assigned(assigned);
    }
    if (pending_.empty()) return;
    for (auto const& point : pending_) {
        partitions_[static_cast<std::size_t>(point.origin->partition)].committed = point.offset;
    }
    ++commits_;
    listener.on_committed(pending_, {});
    pending_.clear();
}

std::size_t EndlessSource::read(flow::Slot slot, std::size_t max, std::vector<flow::Record>& out) {
    auto& partition = partitions_[slot];
    auto const count = std::min<std::uint64_t>(max, allowed_);
    allowed_ -= count;
    for (std::uint64_t i = 0; i < count; ++i, ++dealt_) {
        flow::Record record;
        record.origin = &partition.origin;
        record.offset = partition.position;
        record.timestamp_ms = 1'700'000'000'000;
        record.leader_epoch = 1;
        if (!keys_.empty()) record.key = keys_[dealt_ % keys_.size()];
        record.value = values_[dealt_ % values_.size()];
        record.handle = flow::RecordHandle(&partition, &borrowed);
        partition.position = flow::next(partition.position);
        out.push_back(std::move(record));
    }
    return static_cast<std::size_t>(count);
}

void EndlessSource::commit(std::span<flow::CommitPoint const> points) {
    for (auto const& point : points) {
        // Without the map of settled records: a broker would keep that copy, not the process.
        pending_.push_back({.origin = point.origin, .offset = point.offset});
    }
}

}  // namespace headrace::bench
