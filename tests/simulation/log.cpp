#include "simulation/log.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <cassert>

namespace headrace::simulation {

std::size_t PartitionLog::index_of(flow::Offset offset) const {
    auto const at = std::lower_bound(
        records.begin(), records.end(), offset,
        [](LogRecord const& record, flow::Offset wanted) { return record.offset < wanted; });
    return static_cast<std::size_t>(at - records.begin());
}

Log::Log(std::size_t partitions, std::size_t topics) {
    for (std::size_t i = 0; i < partitions; ++i) {
        auto partition = std::make_unique<PartitionLog>();
        partition->origin = {"topic-" + std::to_string(i % topics),
                             static_cast<std::int32_t>(i / topics), mix(i + 1)};
        partitions_.push_back(std::move(partition));
    }
}

std::uint32_t Log::number_of(flow::TopicPartition const* origin) const {
    for (std::uint32_t i = 0; i < partitions_.size(); ++i) {
        if (&partitions_[i]->origin == origin) return i;
    }
    assert(false);
    return 0;
}

}  // namespace headrace::simulation
