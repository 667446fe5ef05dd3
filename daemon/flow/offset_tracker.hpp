// Which records of one assigned partition are settled, and so what may be committed. "Read up to"
// and "settled up to" are two numbers; the commit is the lowest unsettled offset. Used by the
// intake, one tracker per assignment. It knows no Kafka. Offsets may have gaps (compaction, control
// records): the tracker counts records by sequence, not by offset.
//
// Invariants:
//  1. base_ <= sequence of every unsettled record < base_ + size_.
//  2. The record at base_ is unsettled, or size_ is 0.
//  3. open_ is the number of unsettled records in [base_, base_ + size_).
// Thread safety: not thread-safe; lives on the consumer thread.
#pragma once

#include "base/clock.hpp"
#include "flow/record.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace headrace::flow {

class OffsetTracker {
  public:
    /// The first unsettled record.
    struct FirstOpen {
        Offset offset = 0;
        std::int64_t timestamp_ms = -1;
        TimePoint read_at{};
        std::uint64_t sequence = 0;
    };

    /// Notes a record that was read and returns its sequence. REQUIRES: offset is above all tracked
    /// before.
    std::uint64_t track(Offset offset, std::int64_t timestamp_ms, TimePoint read_at);

    /// Marks one record as done. REQUIRES: it was tracked and not settled before.
    void settle(std::uint64_t sequence);

    /// What may be committed: the lowest unsettled offset, or the offset after the last record.
    /// Nothing before the first record.
    [[nodiscard]] std::optional<Offset> committable() const noexcept;

    /// The last offset tracked.
    [[nodiscard]] std::optional<Offset> last() const noexcept { return last_; }

    /// Records read and not settled.
    [[nodiscard]] std::size_t open() const noexcept { return open_; }
    /// Records from the first unsettled one to the last one read: how far reading runs ahead of the
    /// commit.
    [[nodiscard]] std::size_t ahead() const noexcept { return size_; }
    [[nodiscard]] std::optional<FirstOpen> first_open() const noexcept;
    [[nodiscard]] std::uint64_t read() const noexcept { return base_ + size_; }

  private:
    struct Entry {
        Offset offset;
        std::int64_t timestamp_ms;
        TimePoint read_at;
        bool settled;
    };
    [[nodiscard]] Entry& at(std::uint64_t sequence) noexcept {
        return ring_[sequence & (ring_.size() - 1)];
    }
    [[nodiscard]] Entry const& at(std::uint64_t sequence) const noexcept {
        return ring_[sequence & (ring_.size() - 1)];
    }
    void grow();

    std::vector<Entry>
        ring_;  ///< A power of two in size; entry of a sequence stands at sequence modulo size.
    std::uint64_t base_ = 0;
    std::size_t size_ = 0;
    std::size_t open_ = 0;
    std::optional<Offset> last_;
};

}  // namespace headrace::flow
