#include "flow/concurrency_limit.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace headrace::flow {
namespace {

using namespace std::chrono_literals;

/// Where an adaptive limit begins, and below which latency and failures alone never lower it: so
/// few in flight make no queue to speak of.
constexpr std::uint32_t start_limit = 8;
/// Where it begins again after an outage.
constexpr std::uint32_t restart_limit = 2;
/// The answers of one burst are one signal.
constexpr Duration cut_interval = 500ms;
/// An outage that begins so soon after a cut may have come of the same cause.
constexpr Duration cut_memory = 5s;
/// After a cut, so much of what was too much is ramped up to at once.
constexpr double regain = 0.85;

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
constexpr Duration trial_wait = 3s;
constexpr Duration quiet_wait_max = 6s;
constexpr Duration more_wait_max = 60s;
constexpr Duration less_wait_max = 30s;

/// Windows: how well the elasticity must be known (standard deviation), and at what cost.
constexpr double accuracy = 0.25;
constexpr std::uint32_t size_min = 16;
constexpr std::uint32_t size_least = 6;
constexpr std::uint32_t size_max = 1024;
constexpr Duration window_time = 1s;
constexpr Duration window_time_min = 200ms;
constexpr double latency_max_secs = 60;

/// Failures: the share that lowers the limit, and how many requests it is smoothed over.
constexpr std::uint32_t whole = 65536;
constexpr std::uint32_t failing_share = whole * 15 / 100;
constexpr std::uint32_t failing_over = 128;
/// And the share, above what it was before, that ends a trial of more.
constexpr std::uint32_t more_failures = whole * 3 / 100;

double seconds(Duration duration) noexcept {
    return std::chrono::duration<double>(duration).count();
}

std::uint32_t scaled(std::uint32_t limit, double by) noexcept {
    return static_cast<std::uint32_t>(std::lround(limit * by));
}

}  // namespace

ConcurrencyLimit::ConcurrencyLimit(bool is_adaptive, std::uint32_t max) noexcept
    : is_adaptive_(is_adaptive),
      max_(max),
      floor_(std::min(start_limit, max)),
      limit_(is_adaptive ? floor_ : max),
      ramp_to_(is_adaptive ? max : 0),
      bearable_(failing_share),
      more_wait_(trial_wait),
      less_wait_(trial_wait),
      tolerated_(failing_share) {
    if (is_adaptive_) begin_ramp(floor_, max_, TimePoint{});
}

void ConcurrencyLimit::on_success(End const& end) noexcept {
    if (!is_adaptive_) return;
    // Only a limit that is felt is raised: otherwise it would grow without evidence that the
    // destination bears it.
    auto present = limit();
    auto const to = ramp_to_.load(std::memory_order_relaxed);
    if (present < to && 2 * end.in_flight >= present)
        limit_.compare_exchange_strong(present, present + 1, std::memory_order_relaxed);
    note_failures(false, end.now);
    this->end(end, end.took);
}

void ConcurrencyLimit::on_refused(End const& end) noexcept {
    if (is_adaptive_) this->end(end, std::nullopt);
}

void ConcurrencyLimit::on_throttled(End const& end) noexcept {
    if (!is_adaptive_) return;
    this->end(end, std::nullopt);
    work(throttled, end.now);
}

void ConcurrencyLimit::on_failure(End const& end) noexcept {
    if (!is_adaptive_) return;
    note_failures(true, end.now);
    this->end(end, std::nullopt);
}

void ConcurrencyLimit::restart(TimePoint now) noexcept {
    if (is_adaptive_) work(restarted, now);
}

void ConcurrencyLimit::end(End const& end, std::optional<Duration> took) noexcept {
    auto const most = limit();
    bool const is_felt = end.in_flight + most / 8 >= most;
    window_.add(end.number, took, is_felt);
    if (window_.is_ripe(end.now)) work(Signal{}, end.now);
}

void ConcurrencyLimit::note_failures(bool is_failure, TimePoint now) noexcept {
    // Two threads may overwrite each other: it is an average.
    auto const before = failing_.load(std::memory_order_relaxed);
    auto const after = before - before / failing_over + (is_failure ? whole / failing_over : 0);
    if (after != before) failing_.store(after, std::memory_order_relaxed);
    if (is_failure && after > bearable_.load(std::memory_order_relaxed)) work(failing, now);
}

void ConcurrencyLimit::work(Signal signal, TimePoint now) noexcept {
    if (signal != Signal{}) signals_.fetch_or(signal, std::memory_order_acq_rel);
    // Who comes while another decides leaves its signal to that one, which looks again when it has
    // done.
    while (signals_.load(std::memory_order_acquire) != 0 || window_.is_ripe(now)) {
        if (is_deciding_.exchange(true, std::memory_order_acquire)) return;
        auto const signals = signals_.exchange(0, std::memory_order_acq_rel);
        if (signals != 0) act(signals, now);
        if (window_.is_ripe(now)) decide(now);
        is_deciding_.store(false, std::memory_order_release);
    }
}

void ConcurrencyLimit::act(std::uint8_t signals, TimePoint now) noexcept {
    if ((signals & restarted) != 0) {
        count(Change::recovered);
        look_anew(now);
        // What it failed at may have been what broke it, unless it fails at any.
        auto to = max_;
        if (tolerated_ == failing_share) {
            auto const since_cut =
                now.time_since_epoch().count() - cut_at_.load(std::memory_order_relaxed);
            to = since_cut < cut_memory.count() ? cut_to_ : scaled(limit(), regain);
            if (phase_ == Phase::ramp) to = ramp_to_.load(std::memory_order_relaxed);
        }
        begin_ramp(std::min(restart_limit, max_), std::max(to, floor_), now);
    } else if ((signals & throttled) != 0) {
        cut(Change::throttled, 1, now);
    } else {
        cut(Change::failing, floor_, now);
    }
}

void ConcurrencyLimit::cut(Change why, std::uint32_t floor, TimePoint now) noexcept {
    auto const last = cut_at_.load(std::memory_order_relaxed);
    auto const present = now.time_since_epoch().count();
    if (last != 0 && present - last < cut_interval.count()) return;
    cut_at_.store(present, std::memory_order_relaxed);
    auto const before = limit();
    more_wait_ = std::max(more_wait_, quiet_wait_max + trial_wait);
    if (phase_ == Phase::more) {
        // The trial was too much; what it began with was not.
        more_wait_ = std::min(2 * more_wait_, more_wait_max);
        more_at_ = now + more_wait_;
        cut_to_ = base_;
        count(why);
        give_up_trial(now);
        return;
    }
    if (why == Change::failing && !may_cut_for_failures(now)) return;
    more_at_ = now + more_wait_;
    auto const after = std::max(before / 2, std::min(floor, before));
    if (after != before) count(why);
    cut_to_ = std::max(scaled(before, regain), after);
    begin_ramp(after, cut_to_, now);
}

/// Failures that are as many with few requests in flight as with many are not for lack of room: the
/// limit is let go up again.
bool ConcurrencyLimit::may_cut_for_failures(TimePoint now) noexcept {
    auto const share = failing_.load(std::memory_order_relaxed);
    if (limit() > floor_) {
        if (failing_at_cut_ == 0) failing_at_cut_ = share;
        return true;
    }
    if (failing_at_cut_ != 0 && share >= failing_at_cut_ / 10 * 7) {
        tolerated_ = share + share / 2;
        more_wait_ = trial_wait;
        begin_ramp(limit(), max_, now);
    }
    failing_at_cut_ = 0;
    return false;
}

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
        bearable_.store(std::min(tolerated_, share + share / 4 + more_failures),
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

void ConcurrencyLimit::begin_ramp(std::uint32_t from, std::uint32_t to, TimePoint now) noexcept {
    phase_ = Phase::ramp;
    bearable_.store(tolerated_, std::memory_order_relaxed);
    ramp_latency_ = 0;
    ramp_from_ = from;
    limit_.store(from, std::memory_order_relaxed);
    ramp_to_.store(to, std::memory_order_relaxed);
    open_window(from, from, now);
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

/// What was learned of the destination holds no more, but for what it refused.
void ConcurrencyLimit::look_anew(TimePoint now) noexcept {
    best_throughput_ = 0;
    if (more_wait_ <= quiet_wait_max) more_at_ = now;
    less_at_ = now;
    less_wait_ = trial_wait;
}

void ConcurrencyLimit::count(Change change) noexcept {
    changes_[static_cast<std::size_t>(change)].fetch_add(1, std::memory_order_relaxed);
}

ConcurrencyChanges ConcurrencyLimit::changes() const noexcept {
    ConcurrencyChanges out{};
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = changes_[i].load(std::memory_order_relaxed);
    }
    return out;
}

}  // namespace headrace::flow
