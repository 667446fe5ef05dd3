// Which lane a record goes to: by hash of its ordering key, by partition, or to the first one with
// room. A lane is used only when those before it are full, so that batches do not thin out; a key
// or partition changes its lane only while nothing of it is open. Used by the intake. Pure: it is
// told what is full. Thread safety: not thread-safe; lives on the consumer thread.
#pragma once

#include "base/clock.hpp"
#include "flow/delivery.hpp"
#include "flow/record.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace headrace::flow {

/// Stands in the record from split to settlement, so that its place can be counted back.
struct Place {
    std::uint32_t lane = 0;
    std::uint32_t bucket = 0;
};

class Splitter {
  public:
    /// A lane with more records waiting is full, unless told otherwise.
    static constexpr std::uint64_t full_backlog = 2000;

    /// `lanes_max` is 1 where the ordering key stands in the value, which the consumer thread does
    /// not read.
    Splitter(Order order, std::uint32_t lanes_max, std::uint64_t full = full_backlog);

    /// Chooses the lane of a record and counts it as open there. `backlogs` says how many records
    /// wait in each lane.
    [[nodiscard]] Place place(Record const& record, std::span<std::uint64_t const> backlogs);

    /// Counts a record back.
    void settle(Place place);

    /// Says what the lanes in use look like, about ten times a second: takes another lane into use
    /// when all were full since the last time, gives one up when they were nearly empty for long.
    /// `permits` is how many requests may be in flight: lanes that could hold only one each would
    /// wait for each other, not for work.
    void adapt(std::span<std::uint64_t const> backlogs, std::uint32_t permits);

    [[nodiscard]] std::uint32_t in_use() const noexcept { return in_use_; }

  private:
    static constexpr std::uint32_t bucket_count = 1U << 14;
    struct Bucket {
        std::uint32_t open = 0;
        std::uint32_t lane = 0;
    };

    Order const order_;
    std::uint32_t const lanes_max_;
    std::uint64_t const full_backlog_;
    std::uint32_t in_use_ = 1;
    unsigned full_rounds_ = 0;
    unsigned idle_rounds_ = 0;
    std::vector<Bucket> buckets_;  ///< By hash; empty for Order::none and for one lane.
};

}  // namespace headrace::flow
