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
#include "flow/settled_map.hpp"

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
    std::uint64_t track(Offset offset, std::int64_t timestamp_ms, TimePoint read_at,
                        std::int32_t leader_epoch = -1);

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
    /// What tracking takes. It shrinks again when fewer records are tracked.
    [[nodiscard]] std::size_t bytes() const noexcept { return ring_.size() * entry_bytes; }
    /// Of one tracked record at most, as far as rings are half empty.
    static constexpr std::size_t record_bytes_max = 72;

    /// Records settled so far: the map of settled records is the same while this is.
    [[nodiscard]] std::uint64_t settled() const noexcept { return read() - open_; }

    /// Calls `visit(OffsetRange, leader epoch of its last record)` for each run of settled records
    /// behind the first open one, in order, until it says false; false if it did. Offsets between
    /// two settled records that hold no record are part of the run. Costs the runs and one step per
    /// 64 records.
    template <class Visit>
    bool visit_settled(Visit const& visit) const {
        auto const end = base_ + size_;
        for (auto first = find(true, base_); first != end;) {
            auto const behind = find(false, first);
            auto const& last = at(behind - 1);
            if (!visit(OffsetRange{at(first).offset, last.offset}, last.leader_epoch)) return false;
            first = find(true, behind);
        }
        return true;
    }

  private:
    struct Entry {
        Offset offset;
        std::int64_t timestamp_ms;
        TimePoint read_at;
        std::int32_t leader_epoch;
    };
    static constexpr std::size_t word_bits = 64;
    static constexpr std::size_t entry_bytes = sizeof(Entry) + 1;
    static_assert(2 * entry_bytes <= record_bytes_max);

    [[nodiscard]] Entry& at(std::uint64_t sequence) noexcept {
        return ring_[sequence & (ring_.size() - 1)];
    }
    [[nodiscard]] Entry const& at(std::uint64_t sequence) const noexcept {
        return ring_[sequence & (ring_.size() - 1)];
    }
    [[nodiscard]] std::uint64_t& word(std::uint64_t sequence) noexcept {
        return settled_[(sequence & (ring_.size() - 1)) / word_bits];
    }
    [[nodiscard]] static std::uint64_t bit(std::uint64_t sequence) noexcept {
        return std::uint64_t{1} << (sequence % word_bits);
    }
    [[nodiscard]] bool is_settled(std::uint64_t sequence) noexcept {
        return (word(sequence) & bit(sequence)) != 0;
    }
    /// The first sequence from `from` on that is settled, or that is not; the end if there is none.
    [[nodiscard]] std::uint64_t find(bool settled, std::uint64_t from) const noexcept;
    void resize(std::size_t capacity);

    std::vector<Entry>
        ring_;  ///< A power of two in size; entry of a sequence stands at sequence modulo size.
    std::vector<std::uint64_t> settled_;  ///< A bit for each entry of ring_, in the same place.
    std::uint64_t base_ = 0;
    std::size_t size_ = 0;
    std::size_t open_ = 0;
    std::optional<Offset> last_;
};

}  // namespace headrace::flow
