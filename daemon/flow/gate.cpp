#include "flow/gate.hpp"

#include "base/backoff.hpp"

#include <algorithm>

namespace headrace::flow {
namespace {

/// Where an adaptive limit begins, and where it begins again after an outage.
constexpr std::uint32_t start_limit = 8;
constexpr std::uint32_t ramp_limit = 2;
/// The limit is halved at most once in this time: the answers of one burst are one signal.
constexpr Duration lower_interval = std::chrono::milliseconds(500);
/// Probes of many processes spread by this share.
constexpr double probe_spread = 0.2;

Duration::rep ticks(TimePoint time) noexcept {
    return time.time_since_epoch().count();
}
TimePoint from_ticks(Duration::rep ticks) noexcept {
    return TimePoint{Duration{ticks}};
}

}  // namespace

Gate::Gate(GateSettings settings, WallTime now)
    : settings_(settings),
      limit_(unit * (settings.is_adaptive ? std::min(start_limit, settings.concurrency_max)
                                          : settings.concurrency_max)),
      since_(now) {}

Gate::Passage Gate::passage(TimePoint now) const noexcept {
    if (ticks(now) < held_until_.load(std::memory_order_relaxed)) return Passage::held;
    if (closed_.load(std::memory_order_acquire) == Closed::no) return Passage::open;
    if (is_probing_.load(std::memory_order_relaxed)) return Passage::held;
    return ticks(now) >= next_probe_.load(std::memory_order_relaxed) ? Passage::probe
                                                                     : Passage::held;
}

TimePoint Gate::wait_until() const noexcept {
    auto until = held_until_.load(std::memory_order_relaxed);
    if (closed_.load(std::memory_order_relaxed) != Closed::no) {
        until = std::max(until, next_probe_.load(std::memory_order_relaxed));
    }
    return from_ticks(until);
}

bool Gate::try_acquire() noexcept {
    auto const limit = std::max(limit_.load(std::memory_order_relaxed) / unit, 1U);
    auto taken = permits_.load(std::memory_order_relaxed);
    while (taken < limit) {
        if (permits_.compare_exchange_weak(taken, taken + 1, std::memory_order_acq_rel))
            return true;
    }
    return false;
}

void Gate::release() noexcept {
    permits_.fetch_sub(1, std::memory_order_acq_rel);
}

bool Gate::try_begin_probe() noexcept {
    return !is_probing_.exchange(true, std::memory_order_acq_rel);
}

void Gate::cancel_probe() noexcept {
    is_probing_.store(false, std::memory_order_release);
}

void Gate::on_success(Outcome const& outcome) {
    failures_.store(0, std::memory_order_relaxed);
    if (is_throttled_.load(std::memory_order_relaxed)) {
        is_throttled_.store(false, std::memory_order_relaxed);
        note(outcome.wall, "");
    }
    raise_limit();
    if (closed_.load(std::memory_order_relaxed) != Closed::no) recover(outcome);
    end_probe(outcome);
}

void Gate::on_refused(Outcome const& outcome) {
    failures_.store(0, std::memory_order_relaxed);
    if (closed_.load(std::memory_order_relaxed) != Closed::no) recover(outcome);
    end_probe(outcome);
}

void Gate::on_throttled(Outcome const& outcome, Duration hold, std::string_view reason) {
    hold_until(outcome.now + hold);
    lower_limit(outcome.now);
    if (!is_throttled_.exchange(true, std::memory_order_relaxed)) note(outcome.wall, reason);
    // An answer, even this one, ends an outage: what is left to wait for is the quota.
    if (outcome.was_probe && closed_.load(std::memory_order_relaxed) == Closed::broken)
        recover(outcome);
    end_probe(outcome);
}

void Gate::on_failure(Outcome const& outcome, std::optional<Duration> hold, std::string_view reason,
                      Random& random) {
    if (hold) hold_until(outcome.now + *hold);
    lower_limit(outcome.now);
    auto const next_probe = outcome.now + spread(settings_.probe, probe_spread, random);
    auto const failures = failures_.fetch_add(1, std::memory_order_acq_rel) + 1;
    auto const closed = closed_.load(std::memory_order_acquire);
    if (closed == Closed::no && failures >= settings_.failures_to_break) {
        close(Closed::broken, next_probe, outcome.wall, reason);
    } else if (outcome.was_probe && closed != Closed::no) {
        auto const interval = closed == Closed::blocked ? settings_.blocked_probe : settings_.probe;
        next_probe_.store(ticks(outcome.now + spread(interval, probe_spread, random)),
                          std::memory_order_relaxed);
    }
    end_probe(outcome);
}

void Gate::on_blocked(Outcome const& outcome, std::string_view reason, Random& random) {
    auto const next_probe = outcome.now + spread(settings_.blocked_probe, probe_spread, random);
    if (closed_.load(std::memory_order_acquire) != Closed::blocked) {
        close(Closed::blocked, next_probe, outcome.wall, reason);
    } else if (outcome.was_probe) {
        next_probe_.store(ticks(next_probe), std::memory_order_relaxed);
    }
    end_probe(outcome);
}

void Gate::on_target_blocked(WallTime wall, std::string_view reason) {
    if (blocked_targets_.fetch_add(1, std::memory_order_relaxed) == 0) note(wall, reason);
}

void Gate::on_target_mended(WallTime wall) {
    if (blocked_targets_.fetch_sub(1, std::memory_order_relaxed) == 1) note(wall, "");
}

void Gate::probe_now(TimePoint now) noexcept {
    next_probe_.store(ticks(now), std::memory_order_relaxed);
}

double Gate::limit() const noexcept {
    return static_cast<double>(limit_.load(std::memory_order_relaxed)) / unit;
}

Gate::State Gate::state(TimePoint now) const {
    State state;
    auto const closed = closed_.load(std::memory_order_acquire);
    bool const is_held = ticks(now) < held_until_.load(std::memory_order_relaxed);
    if (closed == Closed::blocked || blocked_targets_.load(std::memory_order_relaxed) != 0) {
        state.state = RouteState::blocked;
    } else if (closed == Closed::broken) {
        state.state = RouteState::broken;
    } else if (is_held || is_throttled_.load(std::memory_order_relaxed)) {
        state.state = RouteState::throttled;
    }
    std::lock_guard const lock(mutex_);
    state.since = since_;
    if (state.state != RouteState::flowing) state.reason = reason_;
    return state;
}

void Gate::hold_until(TimePoint until) noexcept {
    auto present = held_until_.load(std::memory_order_relaxed);
    while (present < ticks(until) &&
           !held_until_.compare_exchange_weak(present, ticks(until), std::memory_order_relaxed)) {
    }
}

void Gate::lower_limit(TimePoint now) noexcept {
    is_slow_start_.store(false, std::memory_order_relaxed);
    if (!settings_.is_adaptive) return;
    auto last = lowered_at_.load(std::memory_order_relaxed);
    if (last != 0 && ticks(now) - last < lower_interval.count()) return;
    if (!lowered_at_.compare_exchange_strong(last, ticks(now), std::memory_order_relaxed)) return;
    auto const limit = limit_.load(std::memory_order_relaxed);
    limit_.store(std::max(limit / 2, unit), std::memory_order_relaxed);
}

void Gate::raise_limit() noexcept {
    if (!settings_.is_adaptive) return;
    auto const limit = limit_.load(std::memory_order_relaxed);
    auto const max = settings_.concurrency_max * unit;
    // Only a limit that is felt is raised: otherwise it would grow without evidence that the
    // destination bears it.
    if (limit >= max || 2 * permits_.load(std::memory_order_relaxed) < limit / unit) return;
    bool const is_slow_start = is_slow_start_.load(std::memory_order_relaxed);
    auto const step =
        is_slow_start ? unit : std::max<std::uint32_t>(unit / std::max(limit / unit, 1U), 1);
    limit_.store(std::min(limit + step, max), std::memory_order_relaxed);
}

void Gate::recover(Outcome const& outcome) {
    if (closed_.exchange(Closed::no, std::memory_order_acq_rel) == Closed::no) return;
    failures_.store(0, std::memory_order_relaxed);
    if (settings_.is_adaptive) {
        limit_.store(unit * std::min(ramp_limit, settings_.concurrency_max),
                     std::memory_order_relaxed);
        is_slow_start_.store(true, std::memory_order_relaxed);
    }
    recoveries_.fetch_add(1, std::memory_order_acq_rel);
    if (blocked_targets_.load(std::memory_order_relaxed) == 0) note(outcome.wall, "");
}

void Gate::close(Closed why, TimePoint next_probe, WallTime wall, std::string_view reason) {
    next_probe_.store(ticks(next_probe), std::memory_order_relaxed);
    if (closed_.exchange(why, std::memory_order_acq_rel) != why) note(wall, reason);
}

void Gate::end_probe(Outcome const& outcome) noexcept {
    if (outcome.was_probe) is_probing_.store(false, std::memory_order_release);
}

void Gate::note(WallTime wall, std::string_view reason) {
    std::lock_guard const lock(mutex_);
    since_ = wall;
    reason_.assign(reason);
}

}  // namespace headrace::flow
