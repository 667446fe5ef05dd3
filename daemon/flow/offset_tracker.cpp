#include "flow/offset_tracker.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace headrace::flow {
namespace {

/// A smaller ring is not worth moving.
constexpr std::size_t shrink_from = 4096;

}  // namespace

std::uint64_t OffsetTracker::track(Offset offset, std::int64_t timestamp_ms, TimePoint read_at,
                                   std::int32_t leader_epoch) {
    assert(!last_ || offset > *last_);
    if (size_ == ring_.size()) resize(ring_.empty() ? word_bits : ring_.size() * 2);
    std::uint64_t const sequence = base_ + size_;
    at(sequence) = Entry{offset, timestamp_ms, read_at, leader_epoch};
    word(sequence) &= ~bit(sequence);
    ++size_;
    ++open_;
    last_ = offset;
    return sequence;
}

void OffsetTracker::settle(std::uint64_t sequence) {
    assert(sequence >= base_ && sequence < base_ + size_);
    assert(!is_settled(sequence));
    word(sequence) |= bit(sequence);
    --open_;
    while (size_ != 0 && is_settled(base_)) {
        ++base_;
        --size_;
    }
    if (ring_.size() >= shrink_from && size_ < ring_.size() / 8) {
        resize(std::max(std::bit_ceil(2 * size_), shrink_from / 4));
    }
}

std::optional<Offset> OffsetTracker::committable() const noexcept {
    if (size_ != 0) return at(base_).offset;
    if (last_) return next(*last_);
    return std::nullopt;
}

std::optional<OffsetTracker::FirstOpen> OffsetTracker::first_open() const noexcept {
    if (size_ == 0) return std::nullopt;
    auto const& entry = at(base_);
    return FirstOpen{entry.offset, entry.timestamp_ms, entry.read_at, base_};
}

std::uint64_t OffsetTracker::find(bool settled, std::uint64_t from) const noexcept {
    auto const end = base_ + size_;
    while (from < end) {
        auto const bits = settled_[(from & (ring_.size() - 1)) / word_bits];
        auto const wanted = (settled ? bits : ~bits) >> (from % word_bits);
        if (wanted != 0) {
            return std::min(end, from + static_cast<std::uint64_t>(std::countr_zero(wanted)));
        }
        from += word_bits - from % word_bits;
    }
    return end;
}

void OffsetTracker::resize(std::size_t capacity) {
    OffsetTracker other;
    other.ring_.resize(capacity);
    other.settled_.resize(other.ring_.size() / word_bits);
    for (std::uint64_t sequence = base_; sequence != base_ + size_; ++sequence) {
        other.at(sequence) = at(sequence);
        if (is_settled(sequence)) other.word(sequence) |= bit(sequence);
    }
    ring_ = std::move(other.ring_);
    settled_ = std::move(other.settled_);
}

}  // namespace headrace::flow
