// A token bucket that may be overdrawn: who finds one token takes what it needs, and the next one
// waits until the debt is paid. So a batch larger than the bucket passes, and the rate still holds
// over time. Used by the rate limit. Thread safety: every method from any thread; no lock.
//
// Invariants:
//  1. What is taken in any time t is at most rate × t + burst + one take for each thread.
//  2. Nothing is lost or gained by rounding: tokens are kept in millionths, time in microseconds.
#pragma once

#include "base/clock.hpp"

#include <atomic>
#include <cstdint>

namespace headrace::flow {

class TokenBucket {
  public:
    static constexpr std::uint64_t rate_max = std::uint64_t{1} << 40U;

    /// `per_sec` 0: no limit. REQUIRES: per_sec <= rate_max.
    explicit TokenBucket(std::uint64_t per_sec) noexcept;

    [[nodiscard]] bool is_limited() const noexcept { return rate_ != 0; }
    /// Whether there is a token and, besides, what `spare` earns.
    [[nodiscard]] bool has_token(TimePoint now, Duration spare = {}) noexcept;
    /// Takes so many, into debt if need be; who asks first, asks has_token().
    void take(std::uint64_t tokens) noexcept;
    /// When there is a token, if nobody takes one before; within an hour.
    [[nodiscard]] TimePoint next(TimePoint now) const noexcept;

    /// What is saved up while nothing is taken: a tenth of a second's worth, and one.
    [[nodiscard]] std::int64_t burst() const noexcept { return burst_; }

    static constexpr std::int64_t token = 1'000'000;  ///< The unit of burst().

  private:
    void refill(TimePoint now) noexcept;

    std::int64_t const rate_;  ///< Tokens a second, which are millionths a microsecond.
    std::int64_t const burst_;
    std::atomic<std::int64_t> tokens_;
    std::atomic<std::int64_t> refilled_at_{never};  ///< Microseconds of the monotonic clock.

    static constexpr std::int64_t never = INT64_MIN;
};

}  // namespace headrace::flow
