#include "flow/splitter.hpp"

#include "base/hash.hpp"

#include <algorithm>

namespace headrace::flow {
namespace {

/// Rounds (of about 100 ms) until a lane is added or given up.
constexpr unsigned rounds_to_grow = 2;
constexpr unsigned rounds_to_shrink = 50;
/// A lane with less than this share of what makes it full is nearly empty.
constexpr std::uint64_t idle_share = 20;
constexpr std::uint32_t permits_per_lane_min = 2;

}  // namespace

Splitter::Splitter(Order order, std::uint32_t lanes_max, std::uint64_t full)
    : order_(order), lanes_max_(std::max(lanes_max, 1U)), full_backlog_(full) {
    if (order != Order::none && lanes_max_ > 1) buckets_.resize(bucket_count);
}

Place Splitter::place(Record const& record, std::span<std::uint64_t const> backlogs) {
    if (lanes_max_ == 1) return {};
    if (buckets_.empty()) {
        for (std::uint32_t lane = 0; lane < in_use_; ++lane) {
            if (backlogs[lane] < full_backlog_) return {lane, 0};
        }
        auto const least = std::min_element(backlogs.begin(), backlogs.begin() + in_use_);
        return {static_cast<std::uint32_t>(least - backlogs.begin()), 0};
    }
    // Records without a key are unordered: they need no bucket of their own, but one does no harm.
    auto const hash = order_ == Order::key && record.key
                          ? hash_bytes(*record.key, record.origin->hash)
                          : mix(record.origin->hash);
    auto const index = static_cast<std::uint32_t>(hash & (bucket_count - 1));
    Bucket& bucket = buckets_[index];
    if (bucket.open == 0) bucket.lane = static_cast<std::uint32_t>((hash >> 32) % in_use_);
    ++bucket.open;
    return {bucket.lane, index};
}

void Splitter::settle(Place place) {
    if (!buckets_.empty()) --buckets_[place.bucket].open;
}

void Splitter::adapt(std::span<std::uint64_t const> backlogs, std::uint32_t permits) {
    auto const used = backlogs.first(in_use_);
    bool const all_full = std::all_of(used.begin(), used.end(), [this](std::uint64_t backlog) {
        return backlog >= full_backlog_;
    });
    bool const all_idle = std::all_of(used.begin(), used.end(), [this](std::uint64_t backlog) {
        return backlog < std::max<std::uint64_t>(full_backlog_ / idle_share, 1);
    });
    full_rounds_ = all_full ? full_rounds_ + 1 : 0;
    idle_rounds_ = all_idle ? idle_rounds_ + 1 : 0;
    bool const has_room = in_use_ < std::min(lanes_max_, permits / permits_per_lane_min);
    if (full_rounds_ >= rounds_to_grow && has_room) {
        ++in_use_;
        full_rounds_ = 0;
    } else if (idle_rounds_ >= rounds_to_shrink && in_use_ > 1) {
        --in_use_;
        idle_rounds_ = 0;
    }
}

}  // namespace headrace::flow
