// What belongs to a destination as a whole and is shared by all lanes of a route: the hold after
// throttling, the breaker, the block, refusals in a row, suspects, the retry budget, the
// concurrency limit and the operator's rate limit. Lanes ask it before each send and tell it every
// outcome. It decides when requests may be sent; which batch goes is delivery's business.
//
//   open ──5 failures in a row──► broken ──probe succeeds──► open (low concurrency, ramps up)
//   open/broken ──blocked──► blocked ──probe succeeds──► open
//   open ──in_a_row_max records refused──► refused ──a held one is accepted, or resume()──► open
//   open ──nothing answered for a second──► open, but one request a probe interval, until an answer
//
// Thread safety: every method from any thread; no lock is taken but in the rare calls that change
// the state's reason.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "flow/concurrency_limit.hpp"
#include "flow/rate_limit.hpp"
#include "flow/refusals.hpp"
#include "flow/retry_budget.hpp"
#include "flow/route_snapshot.hpp"
#include "flow/verdict.hpp"
#include "flow/written_names.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace headrace::flow {

struct GateSettings {
    bool is_adaptive = true;  ///< false: the limit stays at concurrency_max.
    std::uint32_t concurrency_max = 256;
    Duration probe{};                ///< Between probes while broken.
    Duration blocked_probe{};        ///< Between probes while blocked.
    unsigned failures_to_break = 5;  ///< In a row, with no success between.
    std::uint32_t in_a_row_max = 0;  ///< `dead_letters.in_a_row_max`; 0: off.
    std::uint32_t retry_budget_percent = 100;
    RateSettings rate{};
};

class Gate {
  public:
    /// What a lane may do now.
    enum class Passage : std::uint8_t {
        open,   ///< Send, as far as permits go.
        held,   ///< Nothing before wait_until().
        probe,  ///< One probe is due; try_begin_probe() tells who sends it.
    };

    Gate(GateSettings settings, WallTime now);

    [[nodiscard]] Passage passage(TimePoint now) const noexcept;
    /// When to ask again while held.
    [[nodiscard]] TimePoint wait_until(TimePoint now) const noexcept;
    /// Nothing is sent but probes.
    [[nodiscard]] bool is_closed() const noexcept {
        return closed_.load(std::memory_order_acquire) != Closed::no;
    }

    /// What one lane has of the permits. Owned by the lane, written by the gate in its calls.
    struct Claim {
        std::uint32_t held = 0;
        /// The lane has less than its share and was refused: it should ask again soon, for the
        /// others leave the next permit to it.
        bool is_short = false;
    };
    /// Takes a permit if the concurrency limit has room. What the lanes that ask are given is about
    /// equal: one that finished a request would otherwise always be before one that waits.
    [[nodiscard]] bool try_acquire(Claim& claim, TimePoint now) noexcept;
    /// Takes a permit for a probe, which may pass the present limit but not `concurrency_max`.
    [[nodiscard]] bool try_acquire_for_probe(Claim& claim) noexcept;
    void release(Claim& claim) noexcept;
    /// How soon a lane that is short asks again.
    static constexpr Duration short_interval = std::chrono::milliseconds(5);

    /// Takes the probe that is due; the next one is due a probe interval later, answered or not.
    /// False if another lane was first.
    [[nodiscard]] bool try_begin_probe(TimePoint now, Random& random) noexcept;
    /// Gives the probe back unsent: there was nothing to send.
    void cancel_probe(TimePoint now) noexcept;
    [[nodiscard]] Duration probe_interval() const noexcept { return settings_.probe; }

    /// A retry is to be sent while the gate is open; false if retry_due() must be awaited.
    [[nodiscard]] bool try_retry(TimePoint now) noexcept { return retries_.try_take(now); }
    [[nodiscard]] TimePoint retry_due(TimePoint now) const noexcept { return retries_.next(now); }

    /// A request that went out, for its Outcome.
    struct Request {
        std::uint32_t generation = 0;
        std::uint32_t window_number = 0;  ///< The concurrency limit's.
    };
    /// A request goes out, with records or without.
    [[nodiscard]] Request begin_request(TimePoint now, bool has_records) noexcept;

    /// What happened to a request. Every request ends in exactly one of these.
    struct Outcome {
        bool was_probe = false;
        TimePoint now{};
        WallTime wall{};
        Request request{};  ///< What begin_request() gave.
        Duration took{};
        bool was_answered = true;  ///< false: it timed out.
    };
    void on_success(Outcome const& outcome);
    /// The destination answered and refused records: it lives, but nothing was written.
    void on_refused(Outcome const& outcome);
    void on_throttled(Outcome const& outcome, Duration hold, std::string_view reason);
    void on_failure(Outcome const& outcome, std::optional<Duration> hold, std::string_view reason,
                    Random& random);
    void on_blocked(Outcome const& outcome, std::string_view reason, Random& random);

    /// One target (stream source, collection) more or less is missing; the route's state is blocked
    /// while any is.
    void on_target_blocked(WallTime wall, std::string_view reason);
    void on_target_mended(WallTime wall);

    /// A record that stood alone was refused: what becomes of it. The route may be blocked by it.
    [[nodiscard]] Refusals::Advice on_refused_alone(Outcome const& outcome, std::string_view reason,
                                                    Random& random);
    [[nodiscard]] Refusals& refusals() noexcept { return refusals_; }
    /// The route is blocked by refusals in a row: a probe sends one of the records held, if any.
    [[nodiscard]] bool is_refused() const noexcept {
        return closed_.load(std::memory_order_acquire) == Closed::refused;
    }

    /// The operator's limit. It is asked besides passage(), and no part of the route's state.
    [[nodiscard]] RateLimit& rate() noexcept { return rate_; }
    [[nodiscard]] RateLimit const& rate() const noexcept { return rate_; }

    /// One batch more or less fails past max_retries while others are written.
    void on_suspect(WallTime wall, std::string_view reason);
    void on_suspect_gone(WallTime wall);

    /// What was written since start: the sources (stream sources, collections) and the places
    /// (stream sources, partitions).
    [[nodiscard]] WrittenNames& sources() noexcept { return sources_; }
    [[nodiscard]] WrittenNames& places() noexcept { return places_; }

    /// Lets the next probe go at once: a secret changed.
    void probe_now(TimePoint now) noexcept;

    /// What `route resume` asks for: the records held after refusals in a row are buried and
    /// counting begins anew; a destination that is broken or blocked is probed at once. The lanes
    /// are to be notified after it. Thread safety: any thread.
    void resume(TimePoint now, WallTime wall);

    /// Changes each time that the destination recovers: waiting batches then need not sit out their
    /// backoff.
    [[nodiscard]] std::uint32_t recoveries() const noexcept {
        return recoveries_.load(std::memory_order_acquire);
    }

    /// Whether reading from Kafka makes sense.
    [[nodiscard]] bool is_blocked() const noexcept {
        auto const closed = closed_.load(std::memory_order_relaxed);
        return closed == Closed::blocked || closed == Closed::refused;
    }

    [[nodiscard]] ConcurrencyLimit const& concurrency() const noexcept { return limit_; }
    [[nodiscard]] std::uint32_t permits_taken() const noexcept {
        return permits_.load(std::memory_order_relaxed);
    }

    struct State {
        RouteState state = RouteState::flowing;
        WallTime since{};
        std::string reason;
    };
    [[nodiscard]] State state(TimePoint now) const;

  private:
    enum class Closed : std::uint8_t {
        no,       ///< Requests pass.
        broken,   ///< The breaker is open.
        blocked,  ///< Credentials or permission.
        refused,  ///< Too many records in a row were refused.
    };
    [[nodiscard]] bool is_stalled(TimePoint now) const noexcept;
    [[nodiscard]] bool is_silent() const noexcept;
    [[nodiscard]] std::uint32_t allowed() const noexcept;
    [[nodiscard]] bool acquire(Claim& claim, std::uint32_t limit) noexcept;
    [[nodiscard]] bool end_request(Outcome const& outcome) noexcept;
    void hold_until(TimePoint until) noexcept;
    [[nodiscard]] ConcurrencyLimit::End limit_end(Outcome const& outcome) const noexcept;
    void recover(Outcome const& outcome);
    void begin_ramp(TimePoint now) noexcept;
    void close(Closed why, Outcome const& outcome, std::string_view reason, Random& random);
    void note(WallTime wall, std::string_view reason);
    [[nodiscard]] bool is_remarkable() const noexcept;

    GateSettings const settings_;
    std::atomic<Duration::rep> held_until_{0};
    std::atomic<Duration::rep> next_probe_{0};
    std::atomic<std::uint32_t> permits_{0};
    std::atomic<std::uint32_t> claimants_{0};  ///< Lanes that hold a permit.
    std::atomic<Duration::rep> short_until_{
        0};  ///< A lane is short, if it did not say so longer ago.
    std::atomic<std::uint32_t> failures_{0};
    std::atomic<std::uint32_t> recoveries_{0};
    std::atomic<std::uint32_t> blocked_targets_{0};
    std::atomic<std::uint32_t> suspects_{0};
    std::atomic<std::uint32_t> in_flight_{0};
    std::atomic<Duration::rep> answered_at_{0};  ///< Or when the first of those in flight was sent.
    std::atomic<std::uint32_t> generation_{0};   ///< Of requests: a new one with each recovery.
    std::atomic<std::uint32_t> left_behind_{0};  ///< In flight, of earlier generations.
    std::atomic<std::uint32_t> unanswered_{0};   ///< Sent since the last answer.
    std::atomic<bool> is_throttled_{false};
    std::atomic<Closed> closed_{Closed::no};
    ConcurrencyLimit limit_;
    Refusals refusals_;
    RetryBudget retries_;
    RateLimit rate_;
    WrittenNames sources_;
    WrittenNames places_;

    mutable std::mutex mutex_;  ///< Guards since_ and reason_.
    WallTime since_;
    std::string reason_;
};

}  // namespace headrace::flow
