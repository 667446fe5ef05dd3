#include "flow/concurrency_limit.hpp"

#include <algorithm>
#include <cmath>

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
constexpr Duration more_wait_max = 60s;

/// How many requests the share of failures is smoothed over.
constexpr std::uint32_t failing_over = 128;

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
    if (!succeeded_since_cut_.load(std::memory_order_relaxed))
        succeeded_since_cut_.store(true, std::memory_order_relaxed);
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
    bool const has_succeeded = succeeded_since_cut_.exchange(false, std::memory_order_relaxed);
    more_wait_ = std::max(more_wait_, quiet_wait_max + trial_wait);
    if (phase_ == Phase::more) {
        // The trial was too much; what it began with was not.
        more_wait_ = std::min(2 * more_wait_, more_wait_max);
        more_at_ = now + more_wait_;
        cut_to_ = base_;
        cut_from_ = base_;
        count(why);
        give_up_trial(now);
        return;
    }
    if (why == Change::failing && !may_cut_for_failures(now)) return;
    more_at_ = now + more_wait_;
    auto const after = std::max(before / 2, std::min(floor, before));
    if (after != before) count(why);
    if (why == Change::throttled && last != 0 && !has_succeeded) {
        // Refused again at half, and nothing was taken between: it refuses any number.
        cut_to_ = std::max(cut_from_, after);
    } else {
        cut_from_ = before;
        cut_to_ = std::max(scaled(before, regain), after);
    }
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

void ConcurrencyLimit::begin_ramp(std::uint32_t from, std::uint32_t to, TimePoint now) noexcept {
    phase_ = Phase::ramp;
    bearable_.store(tolerated_, std::memory_order_relaxed);
    ramp_latency_ = 0;
    ramp_from_ = from;
    limit_.store(from, std::memory_order_relaxed);
    ramp_to_.store(to, std::memory_order_relaxed);
    open_window(from, from, now);
}

/// What was learned of the destination holds no more, but for what it refused.
void ConcurrencyLimit::look_anew(TimePoint now) noexcept {
    best_throughput_ = 0;
    if (more_wait_ <= quiet_wait_max) more_at_ = now;
    less_at_ = now;
    less_wait_ = trial_wait;
}

std::uint32_t ConcurrencyLimit::scaled(std::uint32_t limit, double by) noexcept {
    return static_cast<std::uint32_t>(std::lround(limit * by));
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
