// The part of the concurrency limit that learns: what a window says, and what is tried next.
#include "flow/concurrency_limit.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace headrace::flow {
namespace {

using namespace std::chrono_literals;

/// Trials: the first steps and the largest, each success doubling the step's logarithm.
constexpr double first_step = 1.25;
constexpr double step_max = 2.0;
/// Of what a trial adds in concurrency, so much must come back as throughput (in logarithms) for
/// more to be kept, and no more than so much may be lost for less to be kept.
constexpr double worth_more = 0.2;
constexpr double worth_less = 0.1;
/// Of the best throughput seen lately, less concurrency must keep so much.
constexpr double keep_share = 0.93;
/// How the best throughput seen lately fades, a window.
constexpr double fade = 0.995;
/// A trial whose elasticity is outside of this met something else than the limit's change.
constexpr double elasticity_max = 2.5;
/// Latency that moves by this at one limit (in logarithms) means another destination than before.
constexpr double another = 0.3;
/// Latency that rises by this while the limit ramps is a queue.
constexpr double ramp_queue = 1.6;
constexpr Duration less_wait_max = 30s;

/// Windows: how well the elasticity must be known (standard deviation), and at what cost.
constexpr double accuracy = 0.25;
constexpr std::uint32_t size_min = 16;
constexpr std::uint32_t size_least = 6;
constexpr std::uint32_t size_max = 1024;
constexpr Duration window_time = 1s;
constexpr Duration window_time_min = 200ms;
constexpr double latency_max_secs = 60;

/// The share of failures, above what it was before, that ends a trial of more.
constexpr double more_failures = 0.03;

double seconds(Duration duration) noexcept {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

void ConcurrencyLimit::decide(TimePoint now) noexcept {
    auto const window = window_.result();
    if (failing_.load(std::memory_order_relaxed) < failing_share / 3) {
        tolerated_ = failing_share;
        failing_at_cut_ = 0;
    }
    if (window.answered == 0) {
        open_window(limit(), limit(), now);
        return;
    }
    spread_ = spread_ == 0 ? window.spread : (spread_ + window.spread) / 2;
    latency_secs_.store(window.mean_secs, std::memory_order_relaxed);
    switch (phase_) {
        case Phase::ramp:
            decide_ramp(window, now);
            break;
        case Phase::settled:
            decide_settled(window, now);
            break;
        case Phase::more:
            decide_more(window, now);
            break;
        case Phase::less:
            decide_less(window, now);
            break;
    }
}

void ConcurrencyLimit::decide_ramp(Window const& window, TimePoint now) noexcept {
    auto const present = limit();
    if (!window.is_felt) {
        open_window(present, present, now);
        return;
    }
    if (ramp_latency_ == 0 || window.mean_secs < ramp_latency_) ramp_latency_ = window.mean_secs;
    auto const queued = window.mean_secs / ramp_latency_;
    if (queued > ramp_queue) {
        // Of what was in flight meanwhile, so much was served and the rest waited.
        auto const served = (ramp_from_ + present) / 2.0 / queued;
        auto const fit = static_cast<std::uint32_t>(std::lround(served * first_step));
        count(Change::less);
        limit_.store(std::clamp(fit, std::min(floor_, present), present),
                     std::memory_order_relaxed);
    } else if (present < ramp_to_.load(std::memory_order_relaxed)) {
        ramp_from_ = present;
        open_window(present, present, now);
        return;
    }
    settle(present, now);
}

void ConcurrencyLimit::decide_settled(Window const& window, TimePoint now) noexcept {
    auto const present = limit();
    if (!window.is_felt) {
        settle(present, now);
        return;
    }
    if (base_latency_ == 0) {
        take_base(present, window);
    } else {
        auto const moved = std::log(window.mean_secs / base_latency_);
        auto const noise = 3 * spread_ / std::sqrt(window.answered);
        bool const is_another = std::abs(moved) > std::max(another, noise);
        if (is_another) {
            // This window saw both the old and the new.
            look_anew(now);
            settle(present, now);
            if (moved > 0) return;
            // Quicker than before: what it refused then it may bear now.
            more_at_ = now;
            step_ = first_step * first_step;
            return;
        }
        auto blended = window;
        blended.mean_secs = (window.mean_secs + base_latency_) / 2;
        take_base(present, blended);
    }
    if (!try_something(now)) open_window(present, present, now);
}

void ConcurrencyLimit::decide_more(Window const& window, TimePoint now) noexcept {
    auto const tried = limit();
    if (!window.is_felt) {
        more_at_ = now + trial_wait;
        give_up_trial(now);
        return;
    }
    auto const gain = elasticity(window, tried);
    bool const is_odd = std::abs(gain) > elasticity_max && !std::exchange(was_odd_, true);
    if (is_odd) {
        give_up_trial(now);
        return;
    }
    was_odd_ = false;
    auto const noise =
        std::sqrt(2.0 / window.answered) * spread_ / std::log(static_cast<double>(tried) / base_);
    if (gain >= worth_more + noise / 2) {
        count(Change::more);
        take_base(tried, window);
        step_ = std::min(step_ * step_, step_max);
        more_wait_ = trial_wait;
        less_wait_ = trial_wait;
        less_at_ = now + less_wait_;
    } else if (step_ > first_step) {
        step_ = first_step;
    } else {
        more_wait_ =
            std::max(more_wait_, std::min<Duration>(more_wait_ + more_wait_ / 2, quiet_wait_max));
        more_at_ = now + more_wait_;
    }
    if (!try_something(now)) give_up_trial(now);
}

void ConcurrencyLimit::decide_less(Window const& window, TimePoint now) noexcept {
    auto const tried = limit();
    auto const loss = elasticity(window, tried);
    bool const is_odd = std::abs(loss) > elasticity_max && !std::exchange(was_odd_, true);
    if (is_odd || !window.is_felt) {
        if (!is_odd) less_at_ = now + trial_wait;
        give_up_trial(now);
        return;
    }
    was_odd_ = false;
    bool const is_kept = tried / window.mean_secs >= keep_share * best_throughput_;
    if (loss <= worth_less && is_kept) {
        count(Change::less);
        take_base(tried, window);
        less_wait_ = trial_wait;
        more_at_ = std::max(more_at_, now + trial_wait);
    } else {
        less_at_ = now + less_wait_;
        less_wait_ = std::min(2 * less_wait_, less_wait_max);
    }
    if (!try_something(now)) give_up_trial(now);
}

/// Begins a trial if one is due. REQUIRES: the base is known.
bool ConcurrencyLimit::try_something(TimePoint now) noexcept {
    if (now >= more_at_ && base_ < max_) {
        try_limit(Phase::more, std::min(std::max(base_ + 1, scaled(base_, step_)), max_), now);
        return true;
    }
    if (now >= less_at_ && base_ > floor_) {
        try_limit(Phase::less, std::max(std::min(base_ - 1, scaled(base_, 1 / first_step)), floor_),
                  now);
        return true;
    }
    return false;
}

void ConcurrencyLimit::try_limit(Phase phase, std::uint32_t limit, TimePoint now) noexcept {
    phase_ = phase;
    if (phase == Phase::more) {
        auto const share = failing_.load(std::memory_order_relaxed);
        bearable_.store(std::min(tolerated_, share + share / 4 +
                                                 static_cast<std::uint32_t>(whole * more_failures)),
                        std::memory_order_relaxed);
    }
    auto const before = limit_.exchange(limit, std::memory_order_relaxed);
    open_window(before, limit, now);
}

/// Back to the base.
void ConcurrencyLimit::give_up_trial(TimePoint now) noexcept {
    auto const before = limit_.exchange(base_, std::memory_order_relaxed);
    settle(before, now);
}

void ConcurrencyLimit::settle(std::uint32_t before, TimePoint now) noexcept {
    phase_ = Phase::settled;
    bearable_.store(tolerated_, std::memory_order_relaxed);
    ramp_to_.store(0, std::memory_order_relaxed);
    base_latency_ = 0;
    base_ = limit();
    step_ = first_step;
    open_window(before, base_, now);
}

void ConcurrencyLimit::open_window(std::uint32_t before, std::uint32_t present,
                                   TimePoint now) noexcept {
    auto const more = std::max(before, present);
    auto const step = std::max(std::log(static_cast<double>(more) / std::min(before, present)),
                               std::log(first_step));
    auto const exact = spread_ / (accuracy * step);
    auto const long_enough =
        base_latency_ == 0 ? 0 : present / base_latency_ * seconds(window_time_min);
    auto const wanted = std::max({2 * exact * exact, long_enough, static_cast<double>(present)});
    auto const size = static_cast<std::uint32_t>(
        std::clamp<double>(wanted, size_min, std::max(size_max, present)));
    auto const two_ways = std::chrono::round<Duration>(
        std::chrono::duration<double>(2 * std::min(base_latency_, latency_max_secs)));
    window_.open({.skip = present > before ? present - before : 0,
                  .size = size,
                  .size_min = std::clamp(present, size_least, size_min),
                  .close_at = now + std::max<Duration>(window_time, two_ways)});
}

void ConcurrencyLimit::take_base(std::uint32_t limit, Window const& window) noexcept {
    base_ = limit;
    base_latency_ = window.mean_secs;
    best_throughput_ = std::max(best_throughput_ * fade, limit / window.mean_secs);
    phase_ = Phase::settled;
}

/// What a change of concurrency from the base did to throughput, as a share of itself: 1 for a
/// destination that is only far, 0 for a full one, less for one that it made slower.
double ConcurrencyLimit::elasticity(Window const& window, std::uint32_t limit) const noexcept {
    return 1 - std::log(window.mean_secs / base_latency_) /
                   std::log(static_cast<double>(limit) / base_);
}

}  // namespace headrace::flow
