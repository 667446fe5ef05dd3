// The part of delivery that decides what is sent next, and when to look again.
#include "flow/delivery.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace headrace::flow {
namespace {

/// How soon a lane that holds refused records hears what becomes of them.
constexpr Duration decision_interval = std::chrono::milliseconds(200);

}  // namespace

std::optional<Attempt> Delivery::next(Now now) {
    if (is_draining_) return std::nullopt;
    notice_recovery(now);
    decide_refused(now);
    if (gate_.is_closed()) give_up_permits();
    std::optional<Attempt> attempt;
    auto const passage = gate_.passage(now.time);
    if (passage == Gate::Passage::held || is_rate_limited(now)) {
        note_backlog();
        return attempt;
    }
    switch (passage) {
        case Gate::Passage::held:
            break;
        case Gate::Passage::probe:
            attempt = next_probe(now);
            break;
        case Gate::Passage::open:
            attempt = next_open(now);
            break;
    }
    note_backlog();
    return attempt;
}

bool Delivery::is_rate_limited(Now now) {
    auto& rate = gate_.rate();
    return rate.is_on() && !rate.may_send(settings_.lane, has_due(now), now.time);
}

/// Whether something would be sent now, if there is a permit.
bool Delivery::has_due(Now now) {
    auto const is_due = [&](std::optional<TimePoint> due) { return due && *due <= now.time; };
    if (batcher_.has_ready(now.time) || is_due(held_.next_due()) || is_due(retrying_.next_due()))
        return true;
    bool const must_prepare =
        !preparing_ && std::any_of(to_prepare_.begin(), to_prepare_.end(),
                                   [&](auto const& wanted) { return wanted.due <= now.time; });
    return must_prepare || std::any_of(blocked_.begin(), blocked_.end(), [&](auto const& entry) {
               auto const& blocked = entry.second;
               return !blocked.is_probing && !blocked.batches.empty() &&
                      blocked.next_probe <= now.time;
           });
}

void Delivery::notice_recovery(Now now) {
    auto const recoveries = gate_.recoveries();
    if (recoveries == recoveries_seen_) return;
    recoveries_seen_ = recoveries;
    retrying_.hurry(now.time);
    held_.hurry(now.time);
    for (auto& preparation : to_prepare_) {
        preparation.due = now.time;
    }
}

std::optional<Attempt> Delivery::next_probe(Now now) {
    // Only what was refused tells whether the cause of refusals is mended; another lane may have
    // it.
    bool const is_for_refused = gate_.is_refused() && gate_.refusals().held() != 0;
    bool const has_waiting = !held_.empty() || !retrying_.empty();
    bool const has_prepare = !to_prepare_.empty() && !preparing_;
    bool const has_any = is_for_refused
                             ? !refused_.empty()
                             : has_waiting || has_prepare || batcher_.has_ready(now.time) ||
                                   !refused_.empty() || blocked_to_probe() != nullptr;
    if (!has_any || !gate_.try_begin_probe(now.time, random_)) return std::nullopt;
    std::optional<Attempt> attempt;
    if (!is_for_refused && !has_waiting && has_prepare) {
        attempt = next_prepare(now, true);
    } else if (gate_.try_acquire_for_probe(claim_)) {
        auto batch = is_for_refused ? take_refused() : take_for_probe(now);
        release_permit(*batch);
        batch->holds_permit = !batch->is_blocked_probe;
        if (batch->is_blocked_probe) gate_.release(claim_);
        attempt = start(std::move(batch), true, now);
    }
    if (!attempt) gate_.cancel_probe(now.time);
    return attempt;
}

/// In turn: a batch that failed as a probe is due later than the others, those never sent
/// included, so that no batch that always fails keeps the gate closed. REQUIRES: there is one.
std::unique_ptr<Batch> Delivery::take_for_probe(Now now) {
    constexpr auto never = TimePoint::max();
    auto const held_due = held_.next_due().value_or(never);
    auto const retrying_due = retrying_.next_due().value_or(never);
    auto const fresh_due =
        batcher_.has_ready(now.time) ? batcher_.next_due().value_or(never) : never;
    if (fresh_due < std::min(held_due, retrying_due)) return batcher_.take(now.time);
    if (held_.empty() && retrying_.empty()) {
        return refused_.empty() ? take_blocked(*blocked_to_probe()) : take_refused();
    }
    return held_due <= retrying_due ? held_.take_first() : retrying_.take_first();
}

std::optional<Attempt> Delivery::next_open(Now now) {
    while (auto batch = take_retry(retrying_, now)) {
        if (auto attempt = start(std::move(batch), false, now)) return attempt;
    }
    if (auto attempt = next_prepare(now, false)) return attempt;
    if (auto attempt = next_blocked(now)) return attempt;
    auto const held_due = held_.next_due();
    while ((held_due && held_.next_due() && *held_.next_due() <= now.time) ||
           batcher_.has_ready(now.time)) {
        if (!gate_.try_acquire(claim_, now.time)) return std::nullopt;
        auto batch = take_retry(held_, now);
        if (batch == nullptr) batch = batcher_.take(now.time);
        if (batch == nullptr) {
            gate_.release(claim_);
            return std::nullopt;
        }
        batch->holds_permit = true;
        if (auto attempt = start(std::move(batch), false, now)) return attempt;
    }
    return std::nullopt;
}

/// The next one that is due and has its place in the retry budget. What has none waits on, but for
/// what is no retry of that kind: halves, answers to a throttled request, and what failed in an
/// outage that is over.
std::unique_ptr<Batch> Delivery::take_retry(RetryQueue& queue, Now now) {
    while (auto batch = queue.take_due(now.time)) {
        auto const& part = batch->part();
        bool const is_free = part.failures == 0 || part.last.reason == FailureReason::throttled ||
                             batch->recovery != gate_.recoveries();
        if (is_free || gate_.try_retry(now.time)) return batch;
        batch->due = gate_.retry_due(now.time);
        queue.push(std::move(batch));
    }
    return nullptr;
}

/// While the gate is closed nothing waits with a permit: after the outage the concurrency limit
/// says how fast the waiting batches go, and probes need permits too.
void Delivery::give_up_permits() {
    while (auto batch = retrying_.take_first()) {
        release_permit(*batch);
        held_.push(std::move(batch));
    }
}

std::optional<Attempt> Delivery::next_prepare(Now now, bool is_probe) {
    if (to_prepare_.empty() || preparing_) return std::nullopt;
    auto const next =
        std::min_element(to_prepare_.begin(), to_prepare_.end(),
                         [](auto const& one, auto const& other) { return one.due < other.due; });
    if (!is_probe && next->due > now.time) return std::nullopt;
    preparing_ = *next;
    to_prepare_.erase(next);
    stats_.check_requests.add(1);
    stats_.requests_in_flight.fetch_add(1, std::memory_order_relaxed);
    Attempt attempt;
    attempt.target = preparing_->target;
    attempt.is_probe = is_probe;
    attempt.request = gate_.begin_request(now.time, false);
    count_rate(attempt);
    return attempt;
}

std::optional<Attempt> Delivery::next_blocked(Now now) {
    for (auto& [target, blocked] : blocked_) {
        if (blocked.is_probing || blocked.batches.empty() || blocked.next_probe > now.time)
            continue;
        if (auto attempt = start(take_blocked(blocked), false, now)) return attempt;
    }
    return std::nullopt;
}

/// A missing target whose first batch may be sent. Null if there is none.
Delivery::BlockedTarget* Delivery::blocked_to_probe() {
    for (auto& [target, blocked] : blocked_) {
        if (!blocked.is_probing && !blocked.batches.empty()) return &blocked;
    }
    return nullptr;
}

std::unique_ptr<Batch> Delivery::take_blocked(BlockedTarget& blocked) {
    auto batch = std::move(blocked.batches.front());
    blocked.batches.pop_front();
    blocked.is_probing = true;
    batch->is_blocked_probe = true;
    return batch;
}

std::optional<Attempt> Delivery::start(std::unique_ptr<Batch> batch, bool is_probe, Now now) {
    if (auto const target = unready_target(*batch)) {
        want_prepared(*target);
        release_permit(*batch);
        if (auto* const blocked = end_probing(*batch)) {
            blocked->next_probe = now.time + settings_.blocked_probe;
            blocked->batches.push_front(std::move(batch));
        } else {
            unready_batches_.push_back(std::move(batch));
        }
        return std::nullopt;
    }
    Part& part = batch->part();
    batch->effective.clear();
    sink_.collapse(part.records, batch->effective);
    assert(!batch->effective.empty());
    note_addressed(*batch);
    if (!is_probe && is_proven(*batch, now)) {
        bury_alone(std::move(batch), "suspect", now);
        return std::nullopt;
    }
    if (!part.suspect.written_before) part.suspect.written_before = written_beside(*batch);
    Attempt attempt;
    attempt.batch = batch.get();
    attempt.is_probe = is_probe;
    attempt.target = part.records.front().target;
    attempt.records = part.records;
    attempt.effective = batch->effective;
    attempt.request = gate_.begin_request(now.time, true);
    count_rate(attempt);
    ++part.attempts;
    batch->index = in_flight_.size();
    in_flight_.push_back(std::move(batch));
    stats_.write_requests.add(1);
    stats_.batch_records.observe(static_cast<double>(attempt.effective.size()));
    stats_.requests_in_flight.fetch_add(1, std::memory_order_relaxed);
    return attempt;
}

void Delivery::count_rate(Attempt const& attempt) {
    auto& rate = gate_.rate();
    if (!rate.is_on()) return;
    std::uint64_t bytes = 0;
    if (rate.counts_bytes() && attempt.batch != nullptr) {
        bytes = shape_.envelope_bytes;
        for (auto const index : attempt.effective) {
            bytes += attempt.records[index].encoded_bytes;
        }
    }
    rate.on_sent(settings_.lane, attempt.effective.size(), bytes);
}

std::optional<TargetId> Delivery::unready_target(Batch const& batch) const {
    // What was never sent is as it was collected; what was halved or regrouped says it by itself.
    bool const is_as_collected = batch.parts.size() == 1 && batch.part().attempts == 0;
    if (is_as_collected && !batch.targets.empty()) {
        for (auto const& [target, count] : batch.targets) {
            if (count != 0 && !sink_.is_ready(target)) return target;
        }
        return std::nullopt;
    }
    auto last = std::numeric_limits<TargetId>::max();
    for (auto const& record : batch.part().records) {
        if (record.target == last) continue;
        last = record.target;
        if (!sink_.is_ready(last)) return last;
    }
    return std::nullopt;
}

std::optional<TimePoint> Delivery::next_wake(TimePoint now) {
    if (is_draining_) return std::nullopt;
    std::optional<TimePoint> wake;
    auto const consider = [&](std::optional<TimePoint> time) {
        if (time && (!wake || *time < *wake)) wake = time;
    };
    bool const has_work = !held_.empty() || !retrying_.empty() || !to_prepare_.empty() ||
                          batcher_.open() != 0 || !blocked_.empty() || !refused_.empty();
    if (!has_work) return std::nullopt;
    auto const rate_due = gate_.rate().next(settings_.lane, now);
    if (gate_.passage(now) != Gate::Passage::open) {
        // While a probe is under way its end wakes every lane; the bound below covers a lost
        // wake-up.
        auto const until = gate_.wait_until(now);
        return std::max(until > now ? until : now + std::chrono::milliseconds(50), rate_due);
    }
    if (rate_due > now) return rate_due;
    // Another lane may find the destination dead or alive.
    if (!held_.empty() || !retrying_.empty()) consider(now + gate_.probe_interval());
    // Another lane's answer decides about them.
    if (!refused_.empty()) consider(now + decision_interval);
    consider(retrying_.next_due());
    for (auto const& preparation : to_prepare_) {
        if (!preparing_) consider(preparation.due);
    }
    for (auto const& [target, blocked] : blocked_) {
        if (!blocked.is_probing && !blocked.batches.empty()) consider(blocked.next_probe);
    }
    // What is due but found no permit is woken by the end of a request of this lane; if other lanes
    // have them all, it looks again soon.
    std::optional<TimePoint> soon;
    if (in_flight_.empty() || claim_.is_short) soon = now + Gate::short_interval;
    if (auto const due = held_.next_due()) consider(*due <= now ? soon : due);
    if (auto const due = batcher_.next_due()) consider(batcher_.has_ready(now) ? soon : due);
    return wake;
}

}  // namespace headrace::flow
