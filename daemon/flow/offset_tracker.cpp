#include "flow/offset_tracker.hpp"

#include <cassert>

namespace headrace::flow {

std::uint64_t OffsetTracker::track(Offset offset, std::int64_t timestamp_ms, TimePoint read_at) {
    assert(!last_ || offset > *last_);
    if (size_ == ring_.size()) grow();
    std::uint64_t const sequence = base_ + size_;
    at(sequence) = Entry{offset, timestamp_ms, read_at, false};
    ++size_;
    ++open_;
    last_ = offset;
    return sequence;
}

void OffsetTracker::settle(std::uint64_t sequence) {
    assert(sequence >= base_ && sequence < base_ + size_);
    assert(!at(sequence).settled);
    at(sequence).settled = true;
    --open_;
    while (size_ != 0 && at(base_).settled) {
        ++base_;
        --size_;
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

void OffsetTracker::grow() {
    std::size_t const capacity = ring_.empty() ? 64 : ring_.size() * 2;
    std::vector<Entry> larger(capacity);
    for (std::uint64_t sequence = base_; sequence != base_ + size_; ++sequence) {
        larger[sequence & (capacity - 1)] = at(sequence);
    }
    ring_ = std::move(larger);
}

}  // namespace headrace::flow
