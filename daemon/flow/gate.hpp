// What belongs to a destination as a whole and is shared by all lanes of a route: the hold after
// throttling, the breaker, the block, and the concurrency limit. Lanes ask it before each send and
// tell it every outcome. It decides when requests may be sent; which batch goes is delivery's
// business.
//
//   open ──5 failures in a row──► broken ──probe succeeds──► open (low concurrency, ramps up)
//   open/broken ──blocked──► blocked ──probe succeeds──► open
//
// Thread safety: every method from any thread; no lock is taken but in the rare calls that change
// the state's reason.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "flow/route_snapshot.hpp"
#include "flow/verdict.hpp"

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
    [[nodiscard]] TimePoint wait_until() const noexcept;

    /// Takes a permit if the concurrency limit has room.
    [[nodiscard]] bool try_acquire() noexcept;
    void release() noexcept;

    /// Takes the one probe. REQUIRES: passage() was probe; false if another lane was first.
    [[nodiscard]] bool try_begin_probe() noexcept;
    /// Gives the probe back unsent: there was nothing to send.
    void cancel_probe() noexcept;

    /// What happened to a request. Every request ends in exactly one of these.
    struct Outcome {
        bool was_probe = false;
        TimePoint now{};
        WallTime wall{};
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

    /// Lets the next probe go at once: a secret changed, or an operator asks.
    void probe_now(TimePoint now) noexcept;

    /// Changes each time that the destination recovers: waiting batches then need not sit out their
    /// backoff.
    [[nodiscard]] std::uint32_t recoveries() const noexcept {
        return recoveries_.load(std::memory_order_acquire);
    }

    /// Whether reading from Kafka makes sense.
    [[nodiscard]] bool is_blocked() const noexcept {
        return closed_.load(std::memory_order_relaxed) == Closed::blocked;
    }

    [[nodiscard]] double limit() const noexcept;
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
    };
    void hold_until(TimePoint until) noexcept;
    void lower_limit(TimePoint now) noexcept;
    void raise_limit() noexcept;
    void recover(Outcome const& outcome);
    void close(Closed why, TimePoint next_probe, WallTime wall, std::string_view reason);
    void end_probe(Outcome const& outcome) noexcept;
    void note(WallTime wall, std::string_view reason);

    static constexpr std::uint32_t unit =
        1024;  ///< The limit is kept in 1/1024 so that it can grow by fractions.

    GateSettings const settings_;
    std::atomic<Duration::rep> held_until_{0};
    std::atomic<Duration::rep> next_probe_{0};
    std::atomic<Duration::rep> lowered_at_{0};
    std::atomic<std::uint32_t> permits_{0};
    std::atomic<std::uint32_t> limit_;
    std::atomic<std::uint32_t> failures_{0};
    std::atomic<std::uint32_t> recoveries_{0};
    std::atomic<std::uint32_t> blocked_targets_{0};
    std::atomic<bool> is_slow_start_{true};
    std::atomic<bool> is_throttled_{false};
    std::atomic<bool> is_probing_{false};
    std::atomic<Closed> closed_{Closed::no};

    mutable std::mutex mutex_;  ///< Guards since_ and reason_.
    WallTime since_;
    std::string reason_;
};

}  // namespace headrace::flow
