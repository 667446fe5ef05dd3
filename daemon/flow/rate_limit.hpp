// The operator's own limit on what a route sends: requests, records and body bytes a second, shared
// by its lanes. Delivery asks before each attempt, retries and probes included, and tells what went
// out. What is held by it stays in its batch, which goes on filling. It is not the destination's
// throttling: see Gate for that. Thread safety: every method from any thread; no lock.
#pragma once

#include "flow/route_snapshot.hpp"
#include "flow/token_bucket.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace headrace::flow {

/// 0: no limit.
struct RateSettings {
    std::uint64_t requests_per_sec = 0;
    std::uint64_t records_per_sec = 0;
    std::uint64_t bytes_per_sec = 0;
};

class RateLimit {
  public:
    explicit RateLimit(RateSettings settings) noexcept;

    [[nodiscard]] bool is_on() const noexcept { return is_on_; }
    [[nodiscard]] bool counts_bytes() const noexcept { return buckets_[2].is_limited(); }

    /// Whether this lane may send now. `has_due`: it has something to send, and says so again each
    /// time that it asks; lanes that wait take turns.
    [[nodiscard]] bool may_send(std::uint32_t lane, bool has_due, TimePoint now) noexcept;
    /// When this lane may send; now, if it may.
    [[nodiscard]] TimePoint next(std::uint32_t lane, TimePoint now) noexcept;
    /// A request goes out. REQUIRES: may_send(), just before.
    void on_sent(std::uint32_t lane, std::uint64_t records, std::uint64_t bytes) noexcept;

    /// Seconds in which something was ready and waited for this limit alone, by limit.
    [[nodiscard]] RateLimitedSeconds limited_seconds(TimePoint now) const noexcept;

    /// How long a lane that had the last turn leaves what there is to the others.
    static constexpr Duration turn = std::chrono::milliseconds(5);

  private:
    [[nodiscard]] bool has_tokens(TimePoint now, Duration spare) noexcept;
    [[nodiscard]] bool is_turn_of_another(std::uint32_t lane) const noexcept;
    [[nodiscard]] std::size_t narrowest(TimePoint now) const noexcept;
    void begin_wait(TimePoint now) noexcept;
    void end_wait(TimePoint now) noexcept;

    std::array<TokenBucket, rate_limit_count> buckets_;  ///< By RateLimitKind.
    bool const is_on_;
    std::atomic<std::uint64_t> waiting_{0};  ///< Lanes that were refused since they sent, as bits.
    std::atomic<std::uint32_t> last_{UINT32_MAX};  ///< The lane that sent last.
    /// The wait that goes on, if any: since when, until when at most, and for which limit.
    std::atomic<Duration::rep> wait_since_{0};
    std::atomic<Duration::rep> wait_until_{0};
    std::atomic<std::size_t> wait_for_{0};
    std::array<std::atomic<Duration::rep>, rate_limit_count> waited_{};
};

}  // namespace headrace::flow
