#include "flow/token_bucket.hpp"

#include <algorithm>
#include <limits>

namespace headrace::flow {
namespace {

constexpr std::int64_t burst_share = 10;  ///< Of a second.
/// Who waits asks again after this at the latest: no debt makes a time that cannot be counted.
constexpr std::int64_t wait_max_us = std::chrono::microseconds(std::chrono::hours(1)).count();

std::int64_t microseconds(TimePoint time) noexcept {
    return std::chrono::floor<std::chrono::microseconds>(time.time_since_epoch()).count();
}

}  // namespace

TokenBucket::TokenBucket(std::uint64_t per_sec) noexcept
    : rate_(static_cast<std::int64_t>(std::min(per_sec, rate_max))),
      burst_(rate_ * (token / burst_share) + token),
      tokens_(burst_) {}

bool TokenBucket::has_token(TimePoint now, Duration spare) noexcept {
    if (!is_limited()) return true;
    refill(now);
    auto const more = rate_ * std::chrono::duration_cast<std::chrono::microseconds>(spare).count();
    return tokens_.load(std::memory_order_relaxed) >= std::min(token + more, burst_);
}

void TokenBucket::take(std::uint64_t tokens) noexcept {
    if (!is_limited()) return;
    // A debt of years is as good as one of centuries, and cannot overflow.
    auto const most =
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / 4 / token);
    auto const cost = static_cast<std::int64_t>(std::min(tokens, most)) * token;
    auto present = tokens_.load(std::memory_order_relaxed);
    auto left = present;
    do {
        left = std::max(present - cost, std::numeric_limits<std::int64_t>::min() / 4);
    } while (!tokens_.compare_exchange_weak(present, left, std::memory_order_acq_rel));
}

TimePoint TokenBucket::next(TimePoint now) const noexcept {
    auto const missing = token - tokens_.load(std::memory_order_relaxed);
    if (!is_limited() || missing <= 0) return now;
    auto const wait = std::chrono::microseconds(std::min((missing - 1) / rate_ + 1, wait_max_us));
    auto const since = refilled_at_.load(std::memory_order_relaxed);
    if (since == never) return now + wait;
    return std::max(now, TimePoint{std::chrono::microseconds(since)} + wait);
}

void TokenBucket::refill(TimePoint now) noexcept {
    auto const present = microseconds(now);
    auto last = refilled_at_.load(std::memory_order_relaxed);
    if (last == never) {
        refilled_at_.compare_exchange_strong(last, present, std::memory_order_acq_rel);
        return;
    }
    if (present <= last) return;
    auto tokens = tokens_.load(std::memory_order_relaxed);
    // After a long sleep no more is counted than fills the bucket, which cannot overflow.
    auto const fill = (burst_ - tokens) / rate_ + 1;
    auto const earned = rate_ * std::min(present - last, fill);
    // Who moves the time first adds what it earned.
    if (!refilled_at_.compare_exchange_strong(last, present, std::memory_order_acq_rel)) return;
    while (!tokens_.compare_exchange_weak(tokens, std::min(tokens + earned, burst_),
                                          std::memory_order_acq_rel)) {
    }
}

}  // namespace headrace::flow
