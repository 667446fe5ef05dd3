// The part of delivery that acts on verdicts: what happens to a batch once its request is answered.
#include "flow/delivery.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <iterator>

namespace headrace::flow {
namespace {

double seconds(auto duration) {
    return std::chrono::duration<double>(duration).count();
}

FailureReport report_of(Part const& part, Stage stage, std::string reason, WallTime wall) {
    FailureReport report;
    report.refusal = Refusal{stage, std::move(reason), part.last.status, part.last.message};
    if (report.refusal.message.empty()) report.refusal.message = "the destination gave no reason";
    report.attempts = part.attempts;
    report.first_failure = part.first_failure;
    report.last_failure = wall;
    return report;
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
    tell_gate(judgement, attempt.is_probe, is_target_only, wait, now);
    if (judgement.verdict == Verdict::delivered) {
        on_delivered(std::move(batch), now);
        return;
    }
    stats_.write_errors[static_cast<std::size_t>(judgement.reason)].add(1);
    if (part.first_failure == WallTime{}) part.first_failure = now.wall;
    part.last = std::move(judgement);
    std::vector<Record> unwanted;
    bool const is_empty = return_unwanted(*batch, unwanted);
    if (is_empty) {
        release_permit(*batch);
        if (std::exchange(batch->is_blocked_probe, false)) end_blocked_probe(attempt.target, now);
        batcher_.recycle(std::move(batch));
        return_all(std::move(unwanted), now);
        return;
    }
    return_all(std::move(unwanted), now);
    switch (batch->part().last.verdict) {
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
    tell_gate(judgement, attempt.is_probe, is_target_only, wait, now);
    if (judgement.verdict == Verdict::delivered) {
        if (preparation.is_blocked) gate_.on_target_mended(now.wall);
        admit_unready(now);
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

void Delivery::tell_gate(Judgement const& judgement, bool is_probe, bool is_target_only,
                         Duration wait, Now now) {
    Gate::Outcome const outcome{.was_probe = is_probe, .now = now.time, .wall = now.wall};
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
    observe_latency(part, batch->effective, now.wall);
    auto sent = batch->effective.begin();
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
        release_permit(*batch);
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
    if (batch->is_blocked_probe) {
        auto& blocked = blocked_[part.records.front().target];
        blocked.is_probing = false;
        blocked.next_probe = batch->due;
        batch->is_blocked_probe = false;
        blocked.batches.push_front(std::move(batch));
        return;
    }
    bool const is_past = part.strikes > settings_.max_retries;
    if (is_past && settings_.bury_after_retries && last.reason != FailureReason::throttled) {
        bury_part(std::move(batch), now);
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
    if (batch->effective.size() == 1 || part.records.size() == 1) {
        // It stands alone, but for those that it superseded: they are due again.
        auto const at =
            part.records.begin() + (part.records.size() == 1 ? 0 : batch->effective.front());
        auto report = report_of(part, Stage::write, "rejected", now.wall);
        Record record = std::move(*at);
        auto const target = record.target;
        part.records.erase(at);
        bury(std::move(record), std::move(report));
        if (part.records.empty() && batch->parts.size() == 1) {
            release_permit(*batch);
            bool const was_blocked = std::exchange(batch->is_blocked_probe, false);
            batcher_.recycle(std::move(batch));
            if (was_blocked) mend_target(target, now);
            return;
        }
        if (part.records.empty()) batch->parts.pop_back();
    } else {
        Part first;
        first.attempts = part.attempts;
        first.first_failure = part.first_failure;
        first.last = part.last;
        auto const middle =
            part.records.begin() + static_cast<std::ptrdiff_t>(part.records.size() / 2);
        std::move(part.records.begin(), middle, std::back_inserter(first.records));
        part.records.erase(part.records.begin(), middle);
        batch->parts.push_back(std::move(first));
    }
    if (std::exchange(batch->is_blocked_probe, false)) {
        mend_target(batch->part().records.front().target, now);
    }
    go_on(std::move(batch), now);
}

void Delivery::on_blocked(std::unique_ptr<Batch> batch, bool is_target_only, Now now) {
    for (auto& record : batch->part().records) {
        record.detach();
    }
    if (is_target_only && !is_everything(batch->part())) {
        separate_targets(*batch);
        go_on(std::move(batch), now);
    } else if (is_target_only) {
        block_target(std::move(batch), now);
    } else {
        report_(Severity::error, "destination_blocked", describe(batch->part().last));
        release_permit(*batch);
        batch->due = now.time;
        if (std::exchange(batch->is_blocked_probe, false)) {
            auto& blocked = blocked_[batch->part().records.front().target];
            blocked.is_probing = false;
            blocked.next_probe = now.time + settings_.blocked_probe;
            blocked.batches.push_front(std::move(batch));
            return;
        }
        held_.push(std::move(batch));
    }
}

void Delivery::bury_part(std::unique_ptr<Batch> batch, Now now) {
    Part part = std::move(batch->part());
    for (auto& record : part.records) {
        bury(std::move(record), report_of(part, Stage::write, "retries_exhausted", now.wall));
    }
    batch->parts.pop_back();
    if (batch->parts.empty()) {
        batch->parts.resize(1);
        release_permit(*batch);
        batcher_.recycle(std::move(batch));
    } else {
        go_on(std::move(batch), now);
    }
}

void Delivery::go_on(std::unique_ptr<Batch> batch, Now now) {
    batch->due = now.time;
    if (is_draining_) {
        std::vector<Record> unwanted;
        std::ignore = return_unwanted(*batch, unwanted);  // While draining everything is unwanted.
        release_permit(*batch);
        return_all(std::move(unwanted), now);
        return;
    }
    auto& queue = batch->holds_permit ? retrying_ : held_;
    queue.push(std::move(batch));
}

void Delivery::release_permit(Batch& batch) {
    if (std::exchange(batch.holds_permit, false)) gate_.release();
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
