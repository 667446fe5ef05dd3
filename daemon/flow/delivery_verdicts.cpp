// The part of delivery that acts on verdicts: what happens to a batch once its request is answered.
#include "flow/delivery.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <iterator>
#include <map>

namespace headrace::flow {
namespace {

double seconds(auto duration) {
    return std::chrono::duration<double>(duration).count();
}

bool is_everything(Part const& part) {
    auto const target = part.records.front().target;
    return std::all_of(part.records.begin(), part.records.end(),
                       [&](Record const& record) { return record.target == target; });
}

}  // namespace

void Delivery::finish(Attempt const& attempt, Judgement judgement, Duration duration, Now now) {
    stats_.requests_in_flight.fetch_sub(1, std::memory_order_relaxed);
    if (attempt.batch == nullptr) {
        finish_prepare(attempt, judgement, now);
        return;
    }
    auto const index = attempt.batch->index;
    auto batch = std::move(in_flight_[index]);
    if (index + 1 != in_flight_.size()) {
        in_flight_[index] = std::move(in_flight_.back());
        in_flight_[index]->index = index;
    }
    in_flight_.pop_back();
    stats_.write_duration_seconds.observe(seconds(duration));

    Part& part = batch->part();
    bool const is_target_only = judgement.verdict == Verdict::blocked &&
                                judgement.scope == BlockScope::target &&
                                (!shape_.has_one_name || !is_everything(part));
    Duration wait{};
    if (judgement.verdict == Verdict::retry) {
        wait = std::max(settings_.backoff.wait(part.failures, random_),
                        judgement.retry_after.value_or(Duration{}));
    }
    tell_gate(attempt, judgement, is_target_only, wait, duration, now);
    if (judgement.verdict != Verdict::retry) clear_suspicion(*batch, now.wall);
    if (judgement.verdict == Verdict::delivered) {
        on_delivered(std::move(batch), now);
        return;
    }
    stats_.write_errors[static_cast<std::size_t>(judgement.reason)].add(1);
    if (part.first_failure == WallTime{}) part.first_failure = now.wall;
    part.last = std::move(judgement);
    auto const verdict = part.last.verdict;
    auto const in_part = part.records.size();
    bool const is_part_unwanted =
        std::all_of(part.records.begin(), part.records.end(),
                    [this](Record const& record) { return is_unwanted(record); });
    std::vector<Record> unwanted;
    bool const is_empty = return_unwanted(*batch, unwanted);
    if (is_empty) {
        retire(*batch, now.wall);
        if (std::exchange(batch->is_blocked_probe, false)) end_blocked_probe(attempt.target, now);
        batcher_.recycle(std::move(batch));
        return_all(std::move(unwanted), now);
        return;
    }
    return_all(std::move(unwanted), now);
    // What is left of a refused request is not what was refused: it may hold no bad record at all.
    if (is_part_unwanted ||
        (verdict == Verdict::split && batch->part().records.size() != in_part)) {
        bool const was_probe = std::exchange(batch->is_blocked_probe, false);
        go_on(std::move(batch), now);
        if (was_probe) end_blocked_probe(attempt.target, now);
        return;
    }
    note_troubles(batch->part());
    switch (verdict) {
        case Verdict::retry:
            on_retry(std::move(batch), wait, now);
            break;
        case Verdict::split:
            on_split(std::move(batch), now);
            break;
        default:
            on_blocked(std::move(batch), is_target_only, now);
            break;
    }
}

/// Explains the part's first record of each partition, which may hold back a commit.
void Delivery::note_troubles(Part const& part) {
    std::map<std::uint32_t, Offset> first;
    for (auto const& record : part.records) {
        auto const [entry, is_new] = first.try_emplace(record.ticket.slot, record.offset);
        if (!is_new) entry->second = std::min(entry->second, record.offset);
    }
    for (auto const& [slot, offset] : first) {
        stats_.troubles.note(slot, offset, {part.attempts, describe(part.last)});
    }
}

void Delivery::finish_prepare(Attempt const& attempt, Judgement const& judgement, Now now) {
    auto preparation = *preparing_;
    preparing_.reset();
    auto const wait = std::max(settings_.backoff.wait(preparation.failures, random_),
                               judgement.retry_after.value_or(Duration{}));
    bool const is_target_only = judgement.verdict == Verdict::blocked &&
                                judgement.scope == BlockScope::target && !shape_.has_one_name;
    tell_gate(attempt, judgement, is_target_only, wait, {}, now);
    if (judgement.verdict == Verdict::delivered) {
        if (preparation.is_blocked) gate_.on_target_mended(now.wall);
        admit_unready(now);
        // What waits for the target since it was missing need not wait for its next probe.
        auto const blocked = blocked_.find(preparation.target);
        if (blocked != blocked_.end()) blocked->second.next_probe = now.time;
        return;
    }
    if (is_target_only && may_bury(judgement, preparation.target)) {
        bury_unready(preparation, judgement, now);
        return;
    }
    ++preparation.failures;
    for (auto const& record : unready_) {
        if (record.target == preparation.target)
            stats_.troubles.note(record.ticket.slot, record.offset, {0, describe(judgement)});
    }
    preparation.due =
        now.time + (judgement.verdict == Verdict::retry ? wait : settings_.blocked_probe);
    if (is_target_only && !preparation.is_blocked) {
        gate_.on_target_blocked(now.wall, describe(judgement));
        preparation.is_blocked = true;
    }
    auto const text = sink_.target_name(preparation.target) + ": " + describe(judgement);
    if (judgement.verdict == Verdict::retry) {
        report_(Severity::warning, "prepare_failed", text);
    } else {
        report_(Severity::error, is_target_only ? "target_blocked" : "destination_blocked", text);
    }
    to_prepare_.push_back(preparation);
    forget_preparations(now);
}

void Delivery::tell_gate(Attempt const& attempt, Judgement const& judgement, bool is_target_only,
                         Duration wait, Duration took, Now now) {
    Gate::Outcome const outcome{.was_probe = attempt.is_probe,
                                .now = now.time,
                                .wall = now.wall,
                                .request = attempt.request,
                                .took = took,
                                .was_answered = judgement.reason != FailureReason::timeout};
    switch (judgement.verdict) {
        case Verdict::delivered:
            gate_.on_success(outcome);
            break;
        case Verdict::split:
            gate_.on_refused(outcome);
            break;
        case Verdict::retry:
            if (judgement.reason == FailureReason::throttled) {
                gate_.on_throttled(outcome, wait, describe(judgement));
            } else {
                gate_.on_failure(outcome, judgement.retry_after, describe(judgement), random_);
            }
            break;
        case Verdict::blocked:
            if (is_target_only) {
                gate_.on_refused(outcome);
            } else {
                gate_.on_blocked(outcome, describe(judgement), random_);
            }
            break;
    }
}

void Delivery::on_delivered(std::unique_ptr<Batch> batch, Now now) {
    auto const target = batch->part().records.front().target;
    bool const was_blocked = std::exchange(batch->is_blocked_probe, false);
    note_written(*batch);
    Part part = std::move(batch->part());
    observe_latency(part, batch->effective, now.wall);
    auto sent = batch->effective.begin();
    // In the order of their offsets: a crash in between must not find a key's later record settled
    // and the earlier one, which it superseded, open.
    for (std::uint32_t i = 0; i < part.records.size(); ++i) {
        bool const is_sent = sent != batch->effective.end() && *sent == i;
        if (is_sent) ++sent;
        settle(std::move(part.records[i]), is_sent ? Fate::written : Fate::superseded, now);
    }
    part.records.clear();
    // Its memory is used again.
    batch->part() = std::move(part);
    if (batch->parts.size() > 1) {
        batch->parts.pop_back();
        go_on(std::move(batch), now);
    } else {
        retire(*batch, now.wall);
        batcher_.recycle(std::move(batch));
    }
    if (was_blocked) mend_target(target, now);
}

void Delivery::on_retry(std::unique_ptr<Batch> batch, Duration wait, Now now) {
    Part& part = batch->part();
    auto const& last = part.last;
    ++part.failures;
    if (last.reason != FailureReason::throttled) ++part.strikes;
    stats_.retried_records[static_cast<std::size_t>(last.reason)].add(part.records.size());
    for (auto& record : part.records) {
        record.detach();
    }
    report_(Severity::warning, "write_failed",
            "attempt " + std::to_string(part.attempts) + " of " +
                std::to_string(part.records.size()) + " records to " +
                sink_.target_name(part.records.front().target) + " failed, " + describe(last));
    batch->due = now.time + wait;
    batch->recovery = gate_.recoveries();
    if (auto* const blocked = end_probing(*batch)) {
        blocked->next_probe = batch->due;
        blocked->batches.push_front(std::move(batch));
        return;
    }
    note_suspicion(*batch, now);
    bool const is_past = part.strikes > settings_.max_retries;
    if (settings_.suspect_after != 0 && batch->is_suspect && batch->effective.size() > 1) {
        halve_suspect(std::move(batch), now);
        return;
    }
    if (is_past && settings_.bury_after_retries && last.reason != FailureReason::throttled) {
        bury_part(std::move(batch), "retries_exhausted", now);
        return;
    }
    if (is_past) release_permit(*batch);
    auto& queue = batch->holds_permit ? retrying_ : held_;
    queue.push(std::move(batch));
}

void Delivery::on_split(std::unique_ptr<Batch> batch, Now now) {
    Part& part = batch->part();
    part.failures = 0;
    part.strikes = 0;
    part.suspect = {};
    if (batch->effective.size() == 1 || part.records.size() == 1) {
        auto const target = part.records.front().target;
        bool const was_blocked = std::exchange(batch->is_blocked_probe, false);
        Gate::Outcome const outcome{.now = now.time, .wall = now.wall};
        if (gate_.on_refused_alone(outcome, describe(part.last), random_) ==
            Refusals::Advice::bury) {
            bury_alone(std::move(batch), "rejected", now);
        } else {
            hold_refused(std::move(batch), now);
        }
        if (was_blocked) mend_target(target, now);
        return;
    }
    halve(*batch);
    if (std::exchange(batch->is_blocked_probe, false)) {
        mend_target(batch->part().records.front().target, now);
    }
    go_on(std::move(batch), now);
}

/// Puts the first half of the present part before the second: each is sent as a request of its own.
void Delivery::halve(Batch& batch) {
    Part& part = batch.part();
    part.failures = 0;
    part.strikes = 0;
    part.suspect = {};
    Part first;
    first.attempts = part.attempts;
    first.first_failure = part.first_failure;
    first.last = part.last;
    auto const middle = part.records.begin() + static_cast<std::ptrdiff_t>(part.records.size() / 2);
    std::move(part.records.begin(), middle, std::back_inserter(first.records));
    part.records.erase(part.records.begin(), middle);
    batch.parts.push_back(std::move(first));
}

void Delivery::on_blocked(std::unique_ptr<Batch> batch, bool is_target_only, Now now) {
    for (auto& record : batch->part().records) {
        record.detach();
    }
    if (is_target_only && !is_everything(batch->part())) {
        separate_targets(*batch);
        go_on(std::move(batch), now);
    } else if (is_target_only &&
               may_bury(batch->part().last, batch->part().records.front().target)) {
        bury_unknown(std::move(batch), now);
    } else if (is_target_only) {
        block_target(std::move(batch), now);
    } else {
        report_(Severity::error, "destination_blocked", describe(batch->part().last));
        release_permit(*batch);
        batch->due = now.time;
        if (auto* const blocked = end_probing(*batch)) {
            blocked->next_probe = now.time + settings_.blocked_probe;
            blocked->batches.push_front(std::move(batch));
            return;
        }
        held_.push(std::move(batch));
    }
}

void Delivery::observe_latency(Part const& part, std::span<std::uint32_t const> effective,
                               WallTime wall) {
    auto const wall_ms = epoch_ms(wall);
    std::int64_t last = -1;
    std::uint64_t times = 0;
    auto const flush = [&] {
        if (times != 0) {
            stats_.end_to_end_seconds.observe(
                static_cast<double>(std::max<std::int64_t>(wall_ms - last, 0)) / 1000.0, times);
        }
        times = 0;
    };
    for (auto const index : effective) {
        auto const timestamp = part.records[index].timestamp_ms;
        if (timestamp < 0) continue;
        if (timestamp != last) flush();
        last = timestamp;
        ++times;
    }
    flush();
}

}  // namespace headrace::flow
