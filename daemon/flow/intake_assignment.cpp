// The second part of the intake: assignments, revocations, the drain, and the picture of it all.
#include "flow/intake.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace headrace::flow {
namespace {

constexpr std::string_view returned_lost = "lost";
constexpr std::string_view returned_revoked = "revoked";
constexpr std::string_view returned_drained = "drained";

}  // namespace

void Intake::on_assigned(std::span<Assigned const> partitions) {
    counts_.joined = true;
    for (auto const& assigned : partitions) {
        if (assigned.slot >= partitions_.size()) partitions_.resize(assigned.slot + 1);
        auto& partition = partitions_[assigned.slot];
        auto const epoch = partition.epoch + 1;
        partition = Partition{};
        partition.origin = assigned.origin;
        partition.epoch = epoch;
        partition.committed = assigned.committed;
        inherit_map(assigned, partition);
        counts_.read_by_topic.try_emplace(assigned.origin->topic, 0);
        counts_.expired_by_topic.try_emplace(assigned.origin->topic, 0);
    }
    if (!partitions.empty()) {
        report_(Severity::info, "assigned",
                std::to_string(partitions.size()) + " partitions assigned");
    }
}

void Intake::on_revoking(std::span<Slot const> slots) {
    if (revocation_) {
        // The group moved on: what was being drained goes with the new list.
        revocation_->slots.insert(revocation_->slots.end(), slots.begin(), slots.end());
    } else {
        revocation_ =
            Revocation{{slots.begin(), slots.end()}, now_ + settings_.revoke_drain, false};
    }
    for (auto const slot : slots) {
        auto& partition = partitions_[slot];
        partition.is_revoking = true;
        send_to_all(LaneMessage::Kind::revoke, Ticket{slot, partition.epoch, 0, 0});
    }
    report_(Severity::info, "revoking",
            std::to_string(slots.size()) + " partitions are to be given back");
}

void Intake::on_lost(std::span<Slot const> slots) {
    for (auto const slot : slots) {
        if (partitions_[slot].origin == nullptr) continue;
        send_to_all(LaneMessage::Kind::revoke, Ticket{slot, partitions_[slot].epoch, 0, 0});
        free_slot(slot, returned_lost);
    }
    if (revocation_) {
        std::erase_if(revocation_->slots, [&](Slot slot) {
            return std::find(slots.begin(), slots.end(), slot) != slots.end();
        });
        if (revocation_->slots.empty()) revocation_.reset();
    }
    counts_.joined = false;
    report_(Severity::warning, "assignment_lost",
            std::to_string(slots.size()) +
                " partitions were lost before they could be given back: their open records will be "
                "read again");
}

void Intake::on_expired(TopicPartition const& origin, Offset from, Offset to) {
    if (to < from) {
        report_(Severity::error, "topic_restarted",
                origin.topic + "[" + std::to_string(origin.partition) +
                    "]: the topic was deleted and made anew, or lost its end, after offset " +
                    std::to_string(from) + ": reading goes on at " + std::to_string(to) +
                    "; what was not read before is gone");
        return;
    }
    auto const count = static_cast<std::uint64_t>(to - from);
    counts_.expired_by_topic[origin.topic] += count;
    report_(Severity::error, "records_expired",
            origin.topic + "[" + std::to_string(origin.partition) + "]: up to " +
                std::to_string(count) + " records from offset " + std::to_string(from) +
                " on were deleted by retention before they were read; " + "reading goes on at " +
                std::to_string(to) + ". Raise retention.ms, or find out why reading fell behind");
}

void Intake::on_trouble(Error const& error) {
    counts_.trouble = error.message;
    report_(Severity::warning, "kafka_trouble", error.message);
}

void Intake::on_recovered() {
    if (counts_.trouble.empty()) return;
    counts_.trouble.clear();
    report_(Severity::info, "kafka_recovered", "Kafka answers again");
}

void Intake::progress_revocation() {
    if (!revocation_) return;
    bool const is_late = now_ >= revocation_->deadline;
    bool const is_settled =
        std::all_of(revocation_->slots.begin(), revocation_->slots.end(),
                    [&](Slot slot) { return partitions_[slot].outstanding() == 0; });
    if (!is_settled && !is_late) return;
    if (!is_late) {
        bool const is_all_committed =
            std::all_of(revocation_->slots.begin(), revocation_->slots.end(),
                        [&](Slot slot) { return is_committed(slot); });
        if (!is_all_committed) {
            // A commit that fails because the group moved on is not tried for ever: the deadline
            // ends it.
            if (now_ >= commit_due_ || !revocation_->is_committing) commit(true);
            revocation_->is_committing = true;
            return;
        }
    }
    auto const slots = std::move(revocation_->slots);
    revocation_.reset();
    for (auto const slot : slots) {
        free_slot(slot, returned_revoked);
    }
    source_.release(slots);
    report_(Severity::info, "revoked",
            std::to_string(slots.size()) + " partitions were given back" +
                (is_late ? " when source.revoke_drain_secs had passed" : ""));
}

/// Counts what is still outstanding as returned and forgets the partition: outcomes that come later
/// find no epoch.
void Intake::free_slot(Slot slot, std::string_view reason) {
    auto& partition = partitions_[slot];
    auto burials = burials_.take_if(
        [&](Burial const& burial, bool) { return burial.record.ticket.slot == slot; });
    if (auto const left = partition.outstanding(); left != 0) {
        counts_.returned_by_reason[std::string(reason)] += left;
    }
    partition.origin = nullptr;
    partition.tracker = OffsetTracker{};
    partition.returned = 0;
    partition.requested.reset();
    partition.is_revoking = false;
    partition.is_held = false;
    for (auto& burial : burials) {
        finish_burial(std::move(burial), false);
    }
}

void Intake::progress_drain() {
    bool const is_late = now_ >= drain_deadline_;
    if (phase_ == Phase::draining) {
        give_up_burials();
        // Requests may be under way whose records nobody counts: of partitions that were taken away
        // in the middle, or of an unclean drain before.
        bool const is_settled = outstanding() == 0 && open_bytes_ == 0;
        if (!is_settled && !is_late) return;
        is_clean_ = is_settled;
        phase_ = Phase::committing;
        commit(true);
    }
    if (phase_ != Phase::committing) return;
    if (!is_all_committed() && !is_late) {
        commit(now_ >= commit_due_);
        return;
    }
    is_clean_ = is_clean_ && is_all_committed();
    finish_drain();
}

void Intake::finish_drain() {
    for (Slot slot = 0; slot < partitions_.size(); ++slot) {
        if (partitions_[slot].origin == nullptr) continue;
        // What is still under way must not be tried again should the route resume.
        if (is_leaving_) send_to_all(LaneMessage::Kind::revoke, {slot, partitions_[slot].epoch});
        free_slot(slot, returned_drained);
    }
    phase_ = Phase::drained;
}

bool Intake::is_all_committed() const {
    for (Slot slot = 0; slot < partitions_.size(); ++slot) {
        if (!is_committed(slot)) return false;
    }
    return true;
}

/// While draining, a dead letter that is not under way will not be started: its record is given
/// back.
void Intake::give_up_burials() {
    auto given_up = burials_.take_if([](Burial const&, bool is_started) { return !is_started; });
    for (auto& burial : given_up) {
        finish_burial(std::move(burial), false);
    }
}

std::uint64_t Intake::outstanding() const {
    std::uint64_t sum = 0;
    for (auto const& partition : partitions_) {
        if (partition.origin != nullptr) sum += partition.outstanding();
    }
    return sum;
}

RouteSnapshot Intake::snapshot(TimePoint now, WallTime wall) const {
    std::lock_guard const lock(mutex_);
    RouteSnapshot out = counts_;
    auto const gate = gate_.state(now);
    out.state = gate.state;
    out.since = gate.since;
    out.reason = gate.reason;
    if (stopped_since_ != WallTime{}) {
        out.state = RouteState::stopped;
        out.since = stopped_since_;
        out.reason = burials_.stopped().value_or("");
    }
    show_pause(out);
    out.is_paused = is_paused_;
    auto const& concurrency = gate_.concurrency();
    out.concurrency_limit = concurrency.limit();
    out.concurrency_latency_secs = concurrency.latency_secs();
    out.concurrency_changes = concurrency.changes();
    out.rate_limited_seconds = gate_.rate().limited_seconds(now);
    out.memory_bytes = open_bytes_ + tracker_bytes_ + prefetched_bytes_;
    for (auto const& lane : lanes_) {
        lane.stats->add_to(out);
        out.memory_bytes += lane.held_bytes();
    }
    out.in_flight_records = outstanding();
    out.in_flight_bytes = open_bytes_;
    std::uint64_t ended = out.written + out.in_flight_records;
    for (auto const* const reasons :
         {&out.dead_lettered_by_reason, &out.skipped_by_reason, &out.returned_by_reason}) {
        for (auto const& [reason, count] : *reasons) {
            ended += count;
        }
    }
    out.unaccounted = static_cast<std::int64_t>(out.read) - static_cast<std::int64_t>(ended);
    fill_partitions(out, now, wall);
    return out;
}

/// Says what was tried with the record and what came of it, if anything did.
void Intake::explain(BlockingOffset& blocking, Slot slot) const {
    if (auto const* const burial = burials_.find(slot, blocking.offset)) {
        blocking.attempts = burial->report.attempts;
        blocking.error = "to be dead-lettered, " + burial->report.refusal.message;
        return;
    }
    for (auto const& lane : lanes_) {
        if (auto trouble = lane.stats->troubles.find(slot, blocking.offset)) {
            blocking.attempts = trouble->attempts;
            blocking.error = std::move(trouble->error);
            return;
        }
    }
}

void Intake::fill_partitions(RouteSnapshot& out, TimePoint now, WallTime wall) const {
    auto const now_ms = epoch_ms(wall);
    for (Slot slot = 0; slot < partitions_.size(); ++slot) {
        auto const& partition = partitions_[slot];
        if (partition.origin == nullptr) continue;
        PartitionSnapshot view;
        view.topic = partition.origin->topic;
        view.partition = partition.origin->partition;
        view.read = partition.tracker.read();
        view.committed = partition.committed.value_or(-1);
        view.end = source_.end(slot).end;
        auto const done = committable(slot, partition).value_or(view.committed);
        if (view.end >= 0 && done >= 0)
            view.lag_records = std::max<std::int64_t>(view.end - done, 0);
        auto const first = partition.tracker.first_open();
        auto const waiting_since = first ? first->timestamp_ms : partition.last_timestamp_ms;
        if (view.lag_records > 0 && waiting_since >= 0) {
            view.lag_secs =
                static_cast<double>(std::max<std::int64_t>(now_ms - waiting_since, 0)) / 1000.0;
        }
        if (first) {
            BlockingOffset blocking;
            blocking.offset = first->offset;
            blocking.age_secs = std::chrono::duration<double>(now - first->read_at).count();
            explain(blocking, slot);
            if (blocking.error.empty() && out.state != RouteState::flowing)
                blocking.error = out.reason;
            view.blocking = std::move(blocking);
        }
        out.partitions.push_back(std::move(view));
    }
}

}  // namespace headrace::flow
