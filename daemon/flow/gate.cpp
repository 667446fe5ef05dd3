#include "flow/gate.hpp"

#include "base/backoff.hpp"

#include <algorithm>
#include <tuple>

namespace headrace::flow {
namespace {

/// Probes of many processes spread by this share.
constexpr double probe_spread = 0.2;
/// Nothing answered for this long while something is in flight: the rest of the permits is not sent
/// after it. A destination that is merely slow loses nothing by it: what it was given at once is in
/// flight already.
constexpr Duration stall_min = std::chrono::seconds(1);
/// Requests sent since the last answer: more wait for one. A burst grows by so many with each
/// answer, which costs it nothing to speak of; a destination that dies silently sees no more.
constexpr std::uint32_t unanswered_max = 24;

Duration::rep ticks(TimePoint time) noexcept {
    return time.time_since_epoch().count();
}
TimePoint from_ticks(Duration::rep ticks) noexcept {
    return TimePoint{Duration{ticks}};
}

}  // namespace

Gate::Gate(GateSettings settings, WallTime now)
    : settings_(settings),
      limit_(settings.is_adaptive, settings.concurrency_max),
      refusals_(settings.in_a_row_max),
      retries_(settings.retry_budget_percent),
      rate_(settings.rate),
      since_(now) {}

Gate::Passage Gate::passage(TimePoint now) const noexcept {
    if (ticks(now) < held_until_.load(std::memory_order_relaxed)) return Passage::held;
    if (!is_closed() && !is_stalled(now)) return Passage::open;
    return ticks(now) >= next_probe_.load(std::memory_order_relaxed) ? Passage::probe
                                                                     : Passage::held;
}

TimePoint Gate::wait_until(TimePoint now) const noexcept {
    auto until = held_until_.load(std::memory_order_relaxed);
    if (is_closed() || is_stalled(now)) {
        until = std::max(until, next_probe_.load(std::memory_order_relaxed));
    }
    return from_ticks(until);
}

bool Gate::is_stalled(TimePoint now) const noexcept {
    if (in_flight_.load(std::memory_order_relaxed) == 0) return false;
    auto const silent = Duration{ticks(now) - answered_at_.load(std::memory_order_relaxed)};
    return silent > std::max(stall_min, settings_.probe);
}

bool Gate::try_acquire(Claim& claim, TimePoint now) noexcept {
    if (is_silent()) {
        claim.is_short = true;  // The answer that ends the silence may come to another lane.
        return false;
    }
    auto const most = allowed();
    bool const is_other_short =
        !claim.is_short && ticks(now) < short_until_.load(std::memory_order_relaxed);
    auto const claimants = claimants_.load(std::memory_order_relaxed) +
                           (claim.held == 0 ? 1U : 0U) + (is_other_short ? 1U : 0U);
    bool const is_below_share = claim.held < std::max(most / claimants, 1U);
    // A lane that is short takes what the others leave.
    bool const is_taken = acquire(claim, is_other_short ? most - 1 : most);
    // Whoever else is short says so again.
    if (is_taken && claim.is_short) short_until_.store(0, std::memory_order_relaxed);
    claim.is_short = !is_taken && is_below_share;
    if (claim.is_short)
        short_until_.store(ticks(now + 2 * short_interval), std::memory_order_relaxed);
    return is_taken;
}

bool Gate::try_acquire_for_probe(Claim& claim) noexcept {
    return acquire(claim, settings_.concurrency_max);
}

bool Gate::acquire(Claim& claim, std::uint32_t limit) noexcept {
    auto taken = permits_.load(std::memory_order_relaxed);
    while (taken < limit) {
        if (permits_.compare_exchange_weak(taken, taken + 1, std::memory_order_acq_rel)) {
            if (claim.held++ == 0) claimants_.fetch_add(1, std::memory_order_relaxed);
            return true;
        }
    }
    return false;
}

/// As much was sent after the last answer as is sent without one.
bool Gate::is_silent() const noexcept {
    return in_flight_.load(std::memory_order_relaxed) != 0 &&
           unanswered_.load(std::memory_order_relaxed) >= unanswered_max;
}

/// Requests that nobody answers any more do not count after a recovery: their permits would keep
/// the others waiting until they time out.
std::uint32_t Gate::allowed() const noexcept {
    return std::min(limit_.limit() + left_behind_.load(std::memory_order_relaxed),
                    settings_.concurrency_max);
}

void Gate::release(Claim& claim) noexcept {
    if (--claim.held == 0) claimants_.fetch_sub(1, std::memory_order_relaxed);
    permits_.fetch_sub(1, std::memory_order_acq_rel);
}

bool Gate::try_begin_probe(TimePoint now, Random& random) noexcept {
    auto due = next_probe_.load(std::memory_order_acquire);
    if (ticks(now) < due) return false;
    auto const closed = closed_.load(std::memory_order_relaxed);
    bool const is_slow = closed == Closed::blocked || closed == Closed::refused;
    auto const interval = is_slow ? settings_.blocked_probe : settings_.probe;
    auto const next = ticks(now + spread(interval, probe_spread, random));
    return next_probe_.compare_exchange_strong(due, next, std::memory_order_acq_rel);
}

void Gate::cancel_probe(TimePoint now) noexcept {
    next_probe_.store(ticks(now), std::memory_order_release);
}

Gate::Request Gate::begin_request(TimePoint now, bool has_records) noexcept {
    if (in_flight_.fetch_add(1, std::memory_order_acq_rel) == 0) {
        answered_at_.store(ticks(now), std::memory_order_relaxed);
        unanswered_.store(0, std::memory_order_relaxed);
    }
    unanswered_.fetch_add(1, std::memory_order_relaxed);
    return {generation_.load(std::memory_order_acquire), has_records ? limit_.begin(now) : 0};
}

/// Gives whether the request is of the present generation.
bool Gate::end_request(Outcome const& outcome) noexcept {
    // It was slow, not dead: the probes sent meanwhile prove nothing.
    if (outcome.was_answered && !outcome.was_probe && !is_closed() && is_stalled(outcome.now))
        generation_.fetch_add(1, std::memory_order_acq_rel);
    in_flight_.fetch_sub(1, std::memory_order_acq_rel);
    if (outcome.was_answered) {
        answered_at_.store(ticks(outcome.now), std::memory_order_relaxed);
        unanswered_.store(0, std::memory_order_relaxed);
    }
    if (outcome.request.generation == generation_.load(std::memory_order_acquire)) return true;
    auto left = left_behind_.load(std::memory_order_relaxed);
    while (left != 0 &&
           !left_behind_.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel)) {
    }
    return false;
}

void Gate::on_success(Outcome const& outcome) {
    bool const is_present = end_request(outcome);
    failures_.store(0, std::memory_order_relaxed);
    auto const closed = closed_.load(std::memory_order_acquire);
    refusals_.on_accepted(closed == Closed::refused);
    retries_.on_success();
    if (is_throttled_.load(std::memory_order_relaxed)) {
        is_throttled_.store(false, std::memory_order_relaxed);
        note(outcome.wall, "");
    }
    limit_.on_success(limit_end(outcome));
    if (closed != Closed::no) {
        recover(outcome);
    } else if (outcome.was_probe && is_present) {
        begin_ramp(
            outcome.now);  // Nothing had been answered; what is still in flight may never be.
    }
}

void Gate::on_refused(Outcome const& outcome) {
    std::ignore = end_request(outcome);
    limit_.on_refused(limit_end(outcome));
    failures_.store(0, std::memory_order_relaxed);
    // Of a route that is blocked by refusals one more says nothing new.
    auto const closed = closed_.load(std::memory_order_relaxed);
    if (closed != Closed::no && closed != Closed::refused) recover(outcome);
}

void Gate::on_throttled(Outcome const& outcome, Duration hold, std::string_view reason) {
    std::ignore = end_request(outcome);
    hold_until(outcome.now + hold);
    limit_.on_throttled(limit_end(outcome));
    if (!is_throttled_.exchange(true, std::memory_order_relaxed)) note(outcome.wall, reason);
    // An answer, even this one, ends an outage: what is left to wait for is the quota.
    if (outcome.was_probe && closed_.load(std::memory_order_relaxed) == Closed::broken)
        recover(outcome);
}

void Gate::on_failure(Outcome const& outcome, std::optional<Duration> hold, std::string_view reason,
                      Random& random) {
    std::ignore = end_request(outcome);
    if (hold) hold_until(outcome.now + *hold);
    limit_.on_failure(limit_end(outcome));
    auto const failures = failures_.fetch_add(1, std::memory_order_acq_rel) + 1;
    if (!is_closed() && failures >= settings_.failures_to_break)
        close(Closed::broken, outcome, reason, random);
}

void Gate::on_blocked(Outcome const& outcome, std::string_view reason, Random& random) {
    std::ignore = end_request(outcome);
    limit_.on_refused(limit_end(outcome));
    if (closed_.load(std::memory_order_acquire) != Closed::blocked)
        close(Closed::blocked, outcome, reason, random);
}

Refusals::Advice Gate::on_refused_alone(Outcome const& outcome, std::string_view reason,
                                        Random& random) {
    auto const advice = refusals_.on_refused();
    if (advice == Refusals::Advice::block && !is_closed()) {
        close(Closed::refused, outcome,
              std::to_string(refusals_.in_a_row_max()) +
                  " records in a row were refused (dead_letters.in_a_row_max), the last one with " +
                  std::string(reason) +
                  "; mend the configuration, or dead-letter those held with `headrace route "
                  "resume`",
              random);
    }
    return advice;
}

void Gate::resume(TimePoint now, WallTime wall) {
    refusals_.resume();
    auto refused = Closed::refused;
    if (closed_.compare_exchange_strong(refused, Closed::no, std::memory_order_acq_rel)) {
        failures_.store(0, std::memory_order_relaxed);
        if (!is_remarkable()) note(wall, "");
    }
    probe_now(now);
}

void Gate::on_target_blocked(WallTime wall, std::string_view reason) {
    if (blocked_targets_.fetch_add(1, std::memory_order_relaxed) == 0) note(wall, reason);
}

void Gate::on_target_mended(WallTime wall) {
    if (blocked_targets_.fetch_sub(1, std::memory_order_relaxed) == 1) note(wall, "");
}

void Gate::on_suspect(WallTime wall, std::string_view reason) {
    if (suspects_.fetch_add(1, std::memory_order_relaxed) == 0) note(wall, reason);
}

void Gate::on_suspect_gone(WallTime wall) {
    if (suspects_.fetch_sub(1, std::memory_order_relaxed) == 1) note(wall, "");
}

bool Gate::is_remarkable() const noexcept {
    return blocked_targets_.load(std::memory_order_relaxed) != 0 ||
           suspects_.load(std::memory_order_relaxed) != 0;
}

void Gate::probe_now(TimePoint now) noexcept {
    next_probe_.store(ticks(now), std::memory_order_relaxed);
}

ConcurrencyLimit::End Gate::limit_end(Outcome const& outcome) const noexcept {
    return {outcome.request.window_number, outcome.took, permits_.load(std::memory_order_relaxed),
            outcome.now};
}

Gate::State Gate::state(TimePoint now) const {
    State state;
    auto const closed = closed_.load(std::memory_order_acquire);
    bool const is_held = ticks(now) < held_until_.load(std::memory_order_relaxed);
    bool const is_blocked_whole = closed == Closed::blocked || closed == Closed::refused;
    if (is_blocked_whole || blocked_targets_.load(std::memory_order_relaxed) != 0) {
        state.state = RouteState::blocked;
    } else if (closed == Closed::broken) {
        state.state = RouteState::broken;
    } else if (suspects_.load(std::memory_order_relaxed) != 0) {
        state.state = RouteState::suspect;
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

void Gate::recover(Outcome const& outcome) {
    if (closed_.exchange(Closed::no, std::memory_order_acq_rel) == Closed::no) return;
    failures_.store(0, std::memory_order_relaxed);
    begin_ramp(outcome.now);
    if (!is_remarkable()) note(outcome.wall, "");
}

/// Sends little at first after silence, and lets waiting batches go without their backoff.
void Gate::begin_ramp(TimePoint now) noexcept {
    limit_.restart(now);
    left_behind_.store(in_flight_.load(std::memory_order_acquire), std::memory_order_release);
    generation_.fetch_add(1, std::memory_order_acq_rel);
    recoveries_.fetch_add(1, std::memory_order_acq_rel);
}

void Gate::close(Closed why, Outcome const& outcome, std::string_view reason, Random& random) {
    auto const interval = why == Closed::broken ? settings_.probe : settings_.blocked_probe;
    next_probe_.store(ticks(outcome.now + spread(interval, probe_spread, random)),
                      std::memory_order_relaxed);
    if (closed_.exchange(why, std::memory_order_acq_rel) != why) note(outcome.wall, reason);
}

void Gate::note(WallTime wall, std::string_view reason) {
    std::lock_guard const lock(mutex_);
    since_ = wall;
    reason_.assign(reason);
}

}  // namespace headrace::flow
