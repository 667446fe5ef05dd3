// How many requests may be in flight: fixed, or following what the destination bears. Following, it
// asks one question again and again: does the destination do more when it is given more at once? By
// Little's law its throughput is concurrency ÷ latency, so the answer needs nothing but the mean
// latency at two concurrencies. Where a quarter more in flight brings about a quarter more
// throughput, latency is only distance and the limit rises; where it only makes the others wait
// longer, the limit falls to where the queue begins. A latency that rises while the limit stays
// is the destination's business and no reason to send less. Throttling and failures lower the limit
// at once. Used by the gate. It knows neither permits nor holds.
//
//   ramp ──latency rises with the limit, or it is at the top──► settled ◄──► trial of more or less
//   any ──429, or many failures──► half, then ramp to just below where it was
//   any ──restart(): the destination is back──► ramp from the bottom
//
// Thread safety: every method from any thread; no lock: who finds a window ripe decides, and the
// others go on meanwhile.
#pragma once

#include "flow/latency_window.hpp"
#include "flow/route_snapshot.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace headrace::flow {

class ConcurrencyLimit {
  public:
    /// Not adaptive: it stays at `max`.
    ConcurrencyLimit(bool is_adaptive, std::uint32_t max) noexcept;

    [[nodiscard]] std::uint32_t limit() const noexcept {
        return limit_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint32_t max() const noexcept { return max_; }

    /// A request with records goes out. Gives its number for the end.
    [[nodiscard]] std::uint32_t begin(TimePoint now) noexcept {
        return is_adaptive_ ? window_.begin(now) : 0;
    }
    /// How it ended. Every request of begin() ends in one of these.
    struct End {
        std::uint32_t number = 0;  ///< What begin() gave; 0 for a request without records.
        Duration took{};
        std::uint32_t in_flight = 0;  ///< Permits taken, its own included.
        TimePoint now{};
    };
    void on_success(End const& end) noexcept;
    void on_refused(End const& end) noexcept;
    void on_throttled(End const& end) noexcept;
    void on_failure(End const& end) noexcept;

    /// The destination is back after an outage: little at first.
    void restart(TimePoint now) noexcept;

    /// How often the limit was changed, by reason.
    [[nodiscard]] ConcurrencyChanges changes() const noexcept;
    /// The mean latency that it goes by, in seconds; 0: none yet.
    [[nodiscard]] double latency_secs() const noexcept {
        return latency_secs_.load(std::memory_order_relaxed);
    }

  private:
    enum class Phase : std::uint8_t {
        ramp,     ///< Each success adds one, until latency rises or `ramp_to_` is reached.
        settled,  ///< Windows at one limit, to see whether anything has changed.
        more,     ///< A trial above base_.
        less,     ///< A trial below it.
    };
    enum Signal : std::uint8_t { throttled = 1, failing = 2, restarted = 4 };
    using Change = ConcurrencyChange;
    using Window = LatencyWindow::Result;

    void end(End const& end, std::optional<Duration> took) noexcept;
    void note_failures(bool is_failure, TimePoint now) noexcept;
    void work(Signal signal, TimePoint now) noexcept;
    void act(std::uint8_t signals, TimePoint now) noexcept;
    void cut(Change why, std::uint32_t floor, TimePoint now) noexcept;
    [[nodiscard]] bool may_cut_for_failures(TimePoint now) noexcept;
    void decide(TimePoint now) noexcept;
    void decide_ramp(Window const& window, TimePoint now) noexcept;
    void decide_settled(Window const& window, TimePoint now) noexcept;
    void decide_more(Window const& window, TimePoint now) noexcept;
    void decide_less(Window const& window, TimePoint now) noexcept;
    [[nodiscard]] bool try_something(TimePoint now) noexcept;
    void try_limit(Phase phase, std::uint32_t limit, TimePoint now) noexcept;
    void give_up_trial(TimePoint now) noexcept;
    void settle(std::uint32_t before, TimePoint now) noexcept;
    void begin_ramp(std::uint32_t from, std::uint32_t to, TimePoint now) noexcept;
    void open_window(std::uint32_t before, std::uint32_t present, TimePoint now) noexcept;
    void take_base(std::uint32_t limit, Window const& window) noexcept;
    [[nodiscard]] double elasticity(Window const& window, std::uint32_t limit) const noexcept;
    void look_anew(TimePoint now) noexcept;
    void count(Change change) noexcept;

    [[nodiscard]] static std::uint32_t scaled(std::uint32_t limit, double by) noexcept;

    /// Between trials, and the longest such wait that refusals did not cause.
    static constexpr Duration trial_wait = std::chrono::seconds(3);
    static constexpr Duration quiet_wait_max = std::chrono::seconds(6);
    /// Shares of failures are of this; more than so much lowers the limit.
    static constexpr std::uint32_t whole = 65536;
    static constexpr std::uint32_t failing_share = whole * 15 / 100;

    bool const is_adaptive_;
    std::uint32_t const max_;
    std::uint32_t const floor_;  ///< Latency and failures alone do not lower the limit below.
    std::atomic<std::uint32_t> limit_;
    std::atomic<std::uint32_t> ramp_to_;     ///< 0: not ramping.
    std::atomic<std::uint32_t> failing_{0};  ///< Share of failures, smoothed, in 1/65536.
    std::atomic<std::uint32_t> bearable_;    ///< Such a share lowers nothing.
    std::atomic<Duration::rep> cut_at_{0};
    std::atomic<bool> succeeded_since_cut_{false};
    LatencyWindow window_;

    std::atomic<std::uint8_t> signals_{0};
    std::atomic<bool> is_deciding_{false};
    // Only of the one that decides.
    Phase phase_ = Phase::ramp;
    std::uint32_t base_ = 0;       ///< The limit that trials are compared with.
    double base_latency_ = 0;      ///< At it; 0: not known.
    double spread_ = 0;            ///< Of latencies, as a share of their mean.
    double best_throughput_ = 0;   ///< Seen lately, in requests a second.
    double ramp_latency_ = 0;      ///< The least of this ramp.
    std::uint32_t ramp_from_ = 0;  ///< The limit when the ramp's window was opened.
    double step_ = 0;              ///< Of the next trial of more.
    TimePoint more_at_{};          ///< The next trial of more, not before.
    TimePoint less_at_{};
    Duration more_wait_;
    Duration less_wait_;
    bool was_odd_ = false;              ///< The trial before was not believed.
    std::uint32_t cut_to_ = 0;          ///< What the last cut left as good.
    std::uint32_t cut_from_ = 0;        ///< The limit before the first of cuts without a success.
    std::uint32_t tolerated_;           ///< Such a share of failures does not depend on the limit.
    std::uint32_t failing_at_cut_ = 0;  ///< At the first of several cuts.

    std::array<std::atomic<std::uint64_t>, concurrency_change_count> changes_{};
    std::atomic<double> latency_secs_{0};
};

}  // namespace headrace::flow
