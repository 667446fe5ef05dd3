#include "flow/rate_limit.hpp"

#include <algorithm>
#include <bit>

namespace headrace::flow {
namespace {

constexpr std::uint32_t lanes_max = 64;  ///< As many as workers.

constexpr std::uint64_t bit(std::uint32_t lane) noexcept {
    return std::uint64_t{1} << (lane % lanes_max);
}

Duration::rep ticks(TimePoint time) noexcept {
    return time.time_since_epoch().count();
}

double seconds(Duration::rep ticks) noexcept {
    return std::chrono::duration<double>(Duration{ticks}).count();
}

}  // namespace

RateLimit::RateLimit(RateSettings settings) noexcept
    : buckets_{TokenBucket(settings.requests_per_sec), TokenBucket(settings.records_per_sec),
               TokenBucket(settings.bytes_per_sec)},
      is_on_(std::any_of(buckets_.begin(), buckets_.end(),
                         [](auto const& bucket) { return bucket.is_limited(); })) {}

bool RateLimit::may_send(std::uint32_t lane, bool has_due, TimePoint now) noexcept {
    if (!is_on_) return true;
    bool may = has_tokens(now, {});
    if (may && is_turn_of_another(lane)) {
        // Unless that one does not come for it.
        may = has_tokens(now, turn);
        if (may) waiting_.store(0, std::memory_order_relaxed);
    } else if (may) {
        end_wait(now);
    } else if (has_due) {
        begin_wait(now);
    }
    if (!may && has_due) waiting_.fetch_or(bit(lane), std::memory_order_relaxed);
    return may;
}

TimePoint RateLimit::next(std::uint32_t lane, TimePoint now) noexcept {
    if (!is_on_ || has_tokens(now, is_turn_of_another(lane) ? turn : Duration{})) return now;
    auto next = now;
    for (auto const& bucket : buckets_) {
        next = std::max(next, bucket.next(now));
    }
    return next > now ? next : now + turn;
}

bool RateLimit::is_turn_of_another(std::uint32_t lane) const noexcept {
    auto const others = waiting_.load(std::memory_order_relaxed) & ~bit(lane);
    // Round robin: counted from the lane after the one that sent last, who waits and comes first?
    auto const first = (last_.load(std::memory_order_relaxed) + 1) % lanes_max;
    auto const place = (lane + lanes_max - first) % lanes_max;
    return std::countr_zero(std::rotr(others, static_cast<int>(first))) < static_cast<int>(place);
}

void RateLimit::on_sent(std::uint32_t lane, std::uint64_t records, std::uint64_t bytes) noexcept {
    if (!is_on_) return;
    buckets_[0].take(1);
    buckets_[1].take(records);
    buckets_[2].take(bytes);
    last_.store(lane, std::memory_order_relaxed);
    waiting_.fetch_and(~bit(lane), std::memory_order_relaxed);
}

RateLimitedSeconds RateLimit::limited_seconds(TimePoint now) const noexcept {
    RateLimitedSeconds out{};
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = seconds(waited_[i].load(std::memory_order_relaxed));
    }
    auto const since = wait_since_.load(std::memory_order_acquire);
    auto const until = std::min(ticks(now), wait_until_.load(std::memory_order_relaxed));
    if (since != 0 && until > since)
        out[wait_for_.load(std::memory_order_relaxed)] += seconds(until - since);
    return out;
}

bool RateLimit::has_tokens(TimePoint now, Duration spare) noexcept {
    bool has = true;
    for (auto& bucket : buckets_) {
        has = bucket.has_token(now, spare) && has;
    }
    return has;
}

std::size_t RateLimit::narrowest(TimePoint now) const noexcept {
    std::size_t narrowest = 0;
    for (std::size_t i = 1; i < buckets_.size(); ++i) {
        if (buckets_[i].next(now) > buckets_[narrowest].next(now)) narrowest = i;
    }
    return narrowest;
}

void RateLimit::begin_wait(TimePoint now) noexcept {
    // A wait that nobody ended is over when its tokens were there: who waited has gone.
    if (ticks(now) > wait_until_.load(std::memory_order_relaxed)) end_wait(now);
    auto const which = narrowest(now);
    wait_for_.store(which, std::memory_order_relaxed);
    wait_until_.store(ticks(buckets_[which].next(now)), std::memory_order_relaxed);
    Duration::rep none = 0;
    wait_since_.compare_exchange_strong(none, ticks(now), std::memory_order_acq_rel);
}

void RateLimit::end_wait(TimePoint now) noexcept {
    if (wait_since_.load(std::memory_order_relaxed) == 0) return;
    auto const since = wait_since_.exchange(0, std::memory_order_acq_rel);
    auto const until = std::min(ticks(now), wait_until_.load(std::memory_order_relaxed));
    if (since == 0 || until <= since) return;
    waited_[wait_for_.load(std::memory_order_relaxed)].fetch_add(until - since,
                                                                 std::memory_order_relaxed);
}

}  // namespace headrace::flow
