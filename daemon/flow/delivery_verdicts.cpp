// The part of delivery that acts on verdicts: what happens to a batch once its request is answered.
#include "flow/delivery.hpp"

#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <iterator>

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

FailureReport Delivery::report_of(Part const& part, Stage stage, std::string reason,
                                  WallTime wall) {
    FailureReport report;
    report.refusal = Refusal{stage, std::move(reason), part.last.status, part.last.message};
    if (report.refusal.message.empty()) report.refusal.message = "the destination gave no reason";
    report.attempts = part.attempts;
    report.first_failure = part.first_failure;
    report.last_failure = wall;
    return report;
}

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
    tell_gate(attempt, judgement, is_target_only, wait, now);
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

void Delivery::finish_prepare(Attempt const& attempt, Judgement const& judgement, Now now) {
    auto preparation = *preparing_;
    preparing_.reset();
    auto const wait = std::max(settings_.backoff.wait(preparation.failures, random_),
                               judgement.retry_after.value_or(Duration{}));
    bool const is_target_only = judgement.verdict == Verdict::blocked &&
                                judgement.scope == BlockScope::target && !shape_.has_one_name;
    tell_gate(attempt, judgement, is_target_only, wait, now);
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
                         Duration wait, Now now) {
    Gate::Outcome const outcome{.was_probe = attempt.is_probe,
                                .now = now.time,
                                .wall = now.wall,
                                .generation = attempt.generation,
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
    Part part = std::move(batch->part());
    note_written(part);
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

void Delivery::bury_part(std::unique_ptr<Batch> batch, std::string_view reason, Now now) {
    Part part = std::move(batch->part());
    wait_for_letters(*batch, part.records);
    for (auto& record : part.records) {
        bury(std::move(record), report_of(part, Stage::write, std::string(reason), now.wall));
    }
    batch->parts.pop_back();
    go_on_if_any(std::move(batch), now);
}

/// Buries the record that stands alone in the present part, but for those that it superseded: they
/// are due again. REQUIRES: the part was collapsed into batch->effective.
void Delivery::bury_alone(std::unique_ptr<Batch> batch, std::string reason, Now now) {
    Part& part = batch->part();
    auto const at =
        part.records.begin() + (part.records.size() == 1 ? 0 : batch->effective.front());
    auto report = report_of(part, Stage::write, std::move(reason), now.wall);
    Record record = std::move(*at);
    part.records.erase(at);
    wait_for_letters(*batch, {&record, 1});
    bury(std::move(record), std::move(report));
    if (batch->part().records.empty()) batch->parts.pop_back();
    go_on_if_any(std::move(batch), now);
}

/// What follows records in their batch and shares a key with one of them waits until its dead
/// letter is acknowledged. `buried` are those of the present part, which are about to be buried.
void Delivery::wait_for_letters(Batch& batch, std::span<Record const> buried) {
    boost::unordered_flat_set<std::uint64_t> keys;
    for (auto const& record : buried) {
        if (record.order_hash != 0) keys.insert(record.order_hash);
    }
    if (keys.empty() || batch.parts.size() == 1) return;
    std::vector<Record> waiting;
    for (auto part = std::next(batch.parts.rbegin()); part != batch.parts.rend(); ++part) {
        auto const kept = std::stable_partition(
            part->records.begin(), part->records.end(),
            [&](Record const& record) { return !keys.contains(record.order_hash); });
        std::move(kept, part->records.end(), std::back_inserter(waiting));
        part->records.erase(kept, part->records.end());
    }
    for (auto record = waiting.rbegin(); record != waiting.rend(); ++record) {
        record->detach();
        locks_.wait_first(std::move(*record));
    }
    auto const present = std::prev(batch.parts.end());
    batch.parts.erase(std::remove_if(batch.parts.begin(), present,
                                     [](Part const& part) { return part.records.empty(); }),
                      present);
}

/// Goes on with what is left of a batch whose present part was taken out.
void Delivery::go_on_if_any(std::unique_ptr<Batch> batch, Now now) {
    if (!batch->parts.empty()) {
        go_on(std::move(batch), now);
        return;
    }
    batch->parts.resize(1);
    retire(*batch, now.wall);
    batcher_.recycle(std::move(batch));
}

/// Takes the present part out, as a batch of its own that holds no permit; what follows it in the
/// batch and shares a key, or the target, stays behind it. The batch may be left without a part.
std::unique_ptr<Batch> Delivery::set_apart(Batch& batch, std::optional<TargetId> target, Now now) {
    auto apart = batcher_.make_sealed(now.time);
    apart->parts.clear();
    apart->parts.push_back(std::move(batch.part()));
    batch.parts.pop_back();
    boost::unordered_flat_set<std::uint64_t> keys;
    for (auto const& record : apart->part().records) {
        if (record.order_hash != 0) keys.insert(record.order_hash);
    }
    Part behind;
    // From the back: the present part's records come first. What stays behind keeps its own
    // followers there.
    for (auto part = batch.parts.rbegin(); part != batch.parts.rend(); ++part) {
        std::vector<Record> kept;
        for (auto& record : part->records) {
            auto const key = record.order_hash;
            bool const follows = record.target == target || keys.contains(key);
            if (follows && key != 0) keys.insert(key);
            (follows ? behind.records : kept).push_back(std::move(record));
        }
        part->records = std::move(kept);
    }
    std::erase_if(batch.parts, [](Part const& part) { return part.records.empty(); });
    if (!behind.records.empty()) apart->parts.insert(apart->parts.begin(), std::move(behind));
    return apart;
}

void Delivery::go_on(std::unique_ptr<Batch> batch, Now now) {
    std::vector<Record> unwanted;
    if (return_unwanted(*batch, unwanted)) {
        retire(*batch, now.wall);
        batcher_.recycle(std::move(batch));
    } else {
        batch->due = now.time;
        auto& queue = batch->holds_permit ? retrying_ : held_;
        queue.push(std::move(batch));
    }
    return_all(std::move(unwanted), now);
}

void Delivery::release_permit(Batch& batch) {
    if (std::exchange(batch.holds_permit, false)) gate_.release(claim_);
}

void Delivery::retire(Batch& batch, WallTime wall) {
    release_permit(batch);
    clear_suspicion(batch, wall);
}

void Delivery::settle(Record record, Fate fate, Now now) {
    auto const hash = record.order_hash;
    hand_back(std::move(record), fate);
    if (hash != 0) unlock(hash, now);
}

void Delivery::hand_back(Record record, Fate fate) {
    outcomes_.push_back(
        Outcome{record.ticket, fate, record.cost_bytes, std::move(record.handle), nullptr});
}

void Delivery::bury(Record record, FailureReport report) {
    record.detach();
    Outcome outcome{record.ticket, Fate::buried, record.cost_bytes, {}, nullptr};
    outcome.burial =
        std::make_unique<Burial>(Burial{std::move(record), std::move(report), settings_.lane});
    outcomes_.push_back(std::move(outcome));
}

void Delivery::refuse(Record record, Refusal refusal, Now now) {
    // Its key's next record waits for the dead letter.
    record.order_hash = order_hash_of(record);
    if (record.order_hash != 0) locks_.lock(record.order_hash, 0);
    FailureReport report;
    report.refusal = std::move(refusal);
    report.first_failure = now.wall;
    report.last_failure = now.wall;
    bury(std::move(record), std::move(report));
}

void Delivery::unlock(std::uint64_t hash, Now now) {
    if (hash != 0 && locks_.unlock(hash)) release_waiting(hash, now);
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
