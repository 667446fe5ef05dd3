#include "flow/intake.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace headrace::flow {
namespace {

/// Records read from one partition before the next one's turn, and in one step before Kafka's
/// events are looked at again.
constexpr std::size_t burst_max = 256;
constexpr std::size_t step_records_max = 2048;
/// Kept free in a lane's ring for orders (revoke, drain, buried).
constexpr std::size_t ring_reserve = 32;
/// What a record costs besides its bytes: librdkafka's message, our record, and its places in rings
/// and batches. 516 were measured with 360,000 small records open.
constexpr std::size_t record_overhead_bytes = 512;
/// The share of the memory that offset trackers may take, all partitions together.
constexpr std::size_t tracker_share = 4;
/// A partition may always run so far ahead.
constexpr std::size_t ahead_min = 256;
/// Ready records beyond those that the concurrency limit can carry: enough to keep requests full,
/// little enough to keep memory small.
constexpr std::uint64_t backlog_floor = 4096;
/// Reading that waits for room waits for this part of what is open.
constexpr std::size_t wake_share = 8;
constexpr Duration adapt_interval = std::chrono::milliseconds(100);
constexpr Duration rate_interval = std::chrono::seconds(1);
/// The longest sleep: heartbeats of the loop.
constexpr Duration sleep_max = std::chrono::milliseconds(500);

std::uint32_t lanes_for(IntakeSettings const& settings, std::size_t lanes) {
    return settings.order == Order::key && settings.has_own_key ? 1
                                                                : static_cast<std::uint32_t>(lanes);
}

}  // namespace

Intake::Intake(IntakeSettings settings, Source& source, DeadLetters* dead_letters, Gate& gate,
               std::vector<LaneHandle> lanes, Report report)
    : settings_(std::move(settings)),
      limits_{settings_.memory_bytes, settings_.uncommitted_records_max},
      source_(source),
      dead_letters_(dead_letters),
      gate_(gate),
      lanes_(std::move(lanes)),
      report_(std::move(report)),
      splitter_(settings_.order, lanes_for(settings_, lanes_.size()), settings_.lane_full_records),
      burials_(dead_letters, settings_.stopped_retry),
      backlogs_(lanes_.size()),
      touched_(lanes_.size()),
      unsent_(lanes_.size()) {
    counts_.name = settings_.route;
    counts_.destination_type = settings_.destination_type;
    counts_.memory_limit_bytes = limits_.memory_bytes;
    for (auto const& topic : settings_.topics) {
        counts_.read_by_topic[topic] = 0;
        counts_.expired_by_topic[topic] = 0;
    }
}

TimePoint Intake::step(TimePoint now, WallTime wall) {
    std::lock_guard const lock(mutex_);
    now_ = now;
    wall_ = wall;
    begin_last_drain();
    take_commands();
    source_.serve(*this);
    if (dead_letters_ != nullptr) dead_letters_->serve(*this);
    flush_messages();
    take_outcomes();
    burials_.retry_due(now);
    note_stopped();
    bool const has_more = read();
    progress_revocation();
    commit(false);
    progress_drain();
    answer_commands();
    prefetched_bytes_ = source_.prefetched_bytes();
    update_rates();
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
        if (touched_[lane]) lanes_[lane].notify();
        touched_[lane] = false;
    }
    return next_turn(has_more);
}

bool Intake::prepare_to_sleep() {
    auto const wake_at = outcomes_awaited();
    bool const wants_idle_wake = open_bytes_ != 0;
    if (wake_at == 0 && !wants_idle_wake) return true;
    for (auto const& lane : lanes_) {
        lane.link->wake_at.store(wake_at, std::memory_order_seq_cst);
        lane.link->wants_idle_wake.store(wants_idle_wake, std::memory_order_seq_cst);
    }
    return std::all_of(lanes_.begin(), lanes_.end(), [&](LaneHandle const& lane) {
        auto const waiting = lane.link->outbound.size();
        bool const is_idle = lane.link->is_idle.load(std::memory_order_seq_cst);
        return waiting == 0 || (!is_idle && (wake_at == 0 || waiting < wake_at));
    });
}

/// How many outcomes in one lane the consumer thread is to be woken for; 0: for none. Reading that
/// waits for room goes on when there is room for a burst: a wake-up for each answer would cost as
/// much as the answer.
std::size_t Intake::outcomes_awaited() const {
    if (revocation_ || phase_ != Phase::running || !pending_.empty()) return 1;
    if (!is_read_limited_) return 0;
    auto const share = outstanding() / wake_share / splitter_.in_use();
    return std::clamp<std::size_t>(share, 1, burst_max);
}

void Intake::drain(TimePoint deadline) noexcept {
    drain_request_.store(std::max<Duration::rep>(deadline.time_since_epoch().count(), 1),
                         std::memory_order_release);
    source_.wake();
}

void Intake::take_outcomes() {
    for (std::uint32_t lane = 0; lane < lanes_.size(); ++lane) {
        auto& link = *lanes_[lane].link;
        link.outbound.consume(LaneLink::outbound_capacity,
                              [&](Outcome&& outcome) { take_outcome(std::move(outcome), lane); });
        if (link.is_outbound_blocked.load(std::memory_order_relaxed) &&
            link.is_outbound_blocked.exchange(false, std::memory_order_seq_cst)) {
            touched_[lane] = true;
        }
    }
}

void Intake::take_outcome(Outcome&& outcome, std::uint32_t lane) {
    Partition* const partition = find(outcome.ticket);
    if (outcome.fate == Fate::buried) {
        outcome.burial->lane = lane;
        if (partition == nullptr || phase_ == Phase::drained) {
            finish_burial(std::move(outcome.burial), false);
        } else {
            burials_.add(std::move(outcome.burial), now_);
        }
        return;
    }
    splitter_.settle(Place{lane, outcome.ticket.bucket});
    open_bytes_ -= outcome.cost_bytes;
    if (partition == nullptr)
        return;  // An old epoch: it was counted as returned when the partition went.
    switch (outcome.fate) {
        case Fate::written:
            ++counts_.written;
            break;
        case Fate::tombstone:
            count_skip("tombstone");
            break;
        case Fate::superseded:
            count_skip("superseded");
            break;
        case Fate::revoked:
        case Fate::drained:
            ++partition->returned;
            ++counts_.returned_by_reason[outcome.fate == Fate::revoked ? "revoked" : "drained"];
            return;
        case Fate::buried:
            return;
    }
    partition->tracker.settle(outcome.ticket.sequence);
}

void Intake::count_skip(std::string_view reason) {
    ++counts_.skipped_by_reason[std::string(reason)];
}

/// Settles a burial, or gives its record back; in both cases its key is free again.
void Intake::finish_burial(std::unique_ptr<Burial> burial, bool is_acknowledged) {
    auto const& record = burial->record;
    splitter_.settle(Place{burial->lane, record.ticket.bucket});
    open_bytes_ -= record.cost_bytes;
    if (auto* const partition = find(record.ticket)) {
        if (is_acknowledged) {
            ++counts_.dead_lettered_by_reason[burial->report.refusal.reason];
            partition->tracker.settle(record.ticket.sequence);
        } else {
            ++partition->returned;
            ++counts_.returned_by_reason[phase_ == Phase::running ? "revoked" : "drained"];
        }
    }
    if (record.order_hash == 0) return;
    LaneMessage message;
    message.kind = LaneMessage::Kind::buried;
    message.record.order_hash = record.order_hash;
    send_to_lane(burial->lane, std::move(message));
}

void Intake::on_acknowledged(std::uint64_t token) {
    if (auto burial = burials_.acknowledge(token)) {
        auto const& report = burial->report;
        report_(Severity::warning, "dead_lettered",
                burial->record.origin->topic + "[" +
                    std::to_string(burial->record.origin->partition) + "] offset " +
                    std::to_string(burial->record.offset) + " at stage " +
                    std::string(to_string(report.refusal.stage)) + ", " + report.refusal.reason +
                    ": " + report.refusal.message);
        finish_burial(std::move(burial), true);
    }
}

void Intake::on_failed(std::uint64_t token, Error const& error) {
    burials_.fail(token, error, now_);
}

void Intake::note_stopped() {
    bool const was_stopped = stopped_since_ != WallTime{};
    auto const& reason = burials_.stopped();
    if (reason && !was_stopped) {
        stopped_since_ = wall_;
        report_(Severity::error, "route_stopped", *reason);
    } else if (!reason && was_stopped) {
        stopped_since_ = {};
        report_(Severity::info, "route_resumed", "dead letters are accepted again");
    }
}

Intake::Partition* Intake::find(Ticket const& ticket) {
    if (ticket.slot >= partitions_.size()) return nullptr;
    auto& partition = partitions_[ticket.slot];
    return partition.origin != nullptr && partition.epoch == ticket.epoch ? &partition : nullptr;
}

bool Intake::may_read() {
    is_read_limited_ = false;
    if (phase_ != Phase::running || is_paused_ || burials_.stopped()) return false;
    // A blocked route needs a record to probe with, and no more.
    if (gate_.is_blocked() && open_bytes_ != 0) return false;
    look_at_lanes();
    std::size_t held = 0;
    std::uint64_t blocked_bytes = 0;
    std::uint64_t backlog = 0;
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
        held += lanes_[lane].held_bytes();
        blocked_bytes += lanes_[lane].stats->blocked_bytes.load(std::memory_order_relaxed);
        backlog += backlogs_[lane];
    }
    auto const backlog_max =
        backlog_floor +
        2 * static_cast<std::uint64_t>(gate_.concurrency().limit()) * settings_.batch_size;
    auto const used = memory_used(held);
    room_bytes_ = used < limits_.memory_bytes ? limits_.memory_bytes - used : 0;
    // An empty route takes any record: a limit that blocks progress would never clear.
    is_read_limited_ = open_bytes_ != 0 && (room_bytes_ == 0 || backlog > backlog_max);
    return !is_read_limited_ && blocked_bytes <= limits_.memory_bytes / 2;
}

/// What is taken and what is promised: for the prefetch its whole share, or what it has grown to
/// when records came better compressed than was assumed; for open records the bodies in which they
/// may be sent at once.
std::size_t Intake::memory_used(std::size_t held_by_lanes) const {
    // A buffer that grows may be half empty.
    auto const bodies_max =
        static_cast<std::size_t>(gate_.concurrency().limit()) * 2 * settings_.batch_bytes;
    return std::max(source_.prefetch_bytes_max(), source_.prefetched_bytes()) + tracker_bytes_ +
           open_bytes_ + std::max(held_by_lanes, std::min(open_bytes_, bodies_max));
}

void Intake::look_at_trackers() {
    tracker_bytes_ = 0;
    std::size_t assigned = 1;
    for (auto const& partition : partitions_) {
        tracker_bytes_ += partition.tracker.bytes();
        assigned += partition.origin != nullptr ? 1 : 0;
    }
    auto const share =
        limits_.memory_bytes / tracker_share / OffsetTracker::record_bytes_max / assigned;
    ahead_max_ = std::min(limits_.uncommitted_records_max, std::max(share, ahead_min));
}

bool Intake::read() {
    if (partitions_.empty()) return false;
    look_at_trackers();
    if (!may_read()) return false;
    std::size_t total = 0;
    std::size_t idle = 0;
    while (idle < partitions_.size() && total < step_records_max) {
        cursor_ = static_cast<Slot>((cursor_ + 1) % partitions_.size());
        auto const room = ring_room();
        if (room <= ring_reserve) {
            is_read_limited_ = true;
            return false;
        }
        auto const count = read_partition(cursor_, room - ring_reserve);
        total += count;
        idle = count == 0 ? idle + 1 : 0;
        if (count != 0 && !may_read()) return false;
    }
    return total >= step_records_max;
}

std::size_t Intake::read_partition(Slot slot, std::size_t room) {
    auto& partition = partitions_[slot];
    if (partition.origin == nullptr || partition.is_revoking) return 0;
    if (!may_run_ahead(slot)) {
        is_read_limited_ = true;
        return 0;
    }
    scratch_.clear();
    auto const ahead = partition.tracker.ahead();
    // Large records: no more than fit, with the bodies in which they are sent.
    auto const fitting = std::max<std::size_t>(room_bytes_ / (2 * cost_of_late_), 1);
    auto const max = std::min({burst_max, room, fitting, ahead_max_ - ahead});
    auto const count = source_.read(slot, max, scratch_);
    for (auto& record : scratch_) {
        dispatch(record, slot);
    }
    if (count != 0) {
        counts_.read += count;
        counts_.read_by_topic[partitions_[slot].origin->topic] += count;
    }
    return count;
}

/// Whether the partition is not too far ahead of its first open record. The source is told, because
/// what it prefetches of a partition that is not read stands in the way of others. Reading goes on
/// well below the limit: letting a partition go is not free.
bool Intake::may_run_ahead(Slot slot) {
    auto& partition = partitions_[slot];
    auto const limit = partition.is_held ? ahead_max_ - ahead_max_ / 4 : ahead_max_;
    bool const is_held = partition.tracker.ahead() >= limit;
    if (std::exchange(partition.is_held, is_held) != is_held) source_.hold(slot, is_held);
    return !is_held;
}

void Intake::dispatch(Record& record, Slot slot) {
    auto& partition = partitions_[slot];
    if (partition.tracker.last() && record.offset <= *partition.tracker.last())
        rewind(slot, record.offset);
    record.ticket.slot = slot;
    record.ticket.epoch = partition.epoch;
    record.ticket.sequence =
        partition.tracker.track(record.offset, record.timestamp_ms, now_, record.leader_epoch);
    if (!partition.first) {
        partition.first = record.offset;
        // Reading began before the commit: it belongs to a topic of that name that is gone.
        if (partition.committed && record.offset < *partition.committed) {
            partition.committed.reset();
            partition.before = {};
        }
    }
    partition.last_timestamp_ms = record.timestamp_ms;
    if (partition.before.covers(record.offset, record.leader_epoch)) {
        count_skip("already_settled");
        partition.tracker.settle(record.ticket.sequence);
        return;
    }
    auto const cost =
        record.key.value_or("").size() + record.value.value_or("").size() + record_overhead_bytes;
    record.cost_bytes = static_cast<std::uint32_t>(cost);
    open_bytes_ += cost;
    cost_of_late_ = (7 * cost_of_late_ + cost) / 8;
    auto const place = splitter_.place(record, backlogs_);
    record.ticket.bucket = place.bucket;
    touched_[place.lane] = true;
    auto& unsent = unsent_[place.lane];
    if (!unsent.empty() || !lanes_[place.lane].link->inbound.try_emplace(std::move(record)))
        unsent.emplace_back(std::move(record));
    ++backlogs_[place.lane];
}

/// Reading went back: the topic was made anew, or the source's position was reset. What is open
/// belongs to the past; it is read again, and nothing that was committed before counts.
void Intake::rewind(Slot slot, Offset to) {
    auto& partition = partitions_[slot];
    report_(Severity::warning, "rewound",
            partition.origin->topic + "[" + std::to_string(partition.origin->partition) +
                "]: reading went back to offset " + std::to_string(to) + ", behind " +
                std::to_string(*partition.tracker.last()) +
                ": records from there on are written again");
    auto const* const origin = partition.origin;
    auto const epoch = partition.epoch;
    send_to_all(LaneMessage::Kind::revoke, Ticket{slot, epoch, 0, 0});
    free_slot(slot, "rewound");
    partition = Partition{};
    partition.origin = origin;
    partition.epoch = epoch + 1;
}

std::size_t Intake::ring_room() {
    std::size_t room = LaneLink::inbound_capacity;
    for (std::uint32_t lane = 0; lane < splitter_.in_use(); ++lane) {
        room = std::min(room, unsent_[lane].empty() ? lanes_[lane].link->inbound.room() : 0);
    }
    return room;
}

void Intake::look_at_lanes() {
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
        backlogs_[lane] = lanes_[lane].link->inbound.size() +
                          lanes_[lane].stats->backlog_records.load(std::memory_order_relaxed);
    }
    if (now_ >= adapt_due_) {
        splitter_.adapt(backlogs_, gate_.concurrency().limit());
        adapt_due_ = now_ + adapt_interval;
    }
}

void Intake::send_to_lane(std::uint32_t lane, LaneMessage&& message) {
    touched_[lane] = true;
    if (!unsent_[lane].empty() || !lanes_[lane].link->inbound.try_push(std::move(message))) {
        unsent_[lane].push_back(std::move(message));
    }
}

void Intake::send_to_all(LaneMessage::Kind kind, Ticket ticket) {
    for (std::uint32_t lane = 0; lane < lanes_.size(); ++lane) {
        LaneMessage message;
        message.kind = kind;
        message.record.ticket = ticket;
        send_to_lane(lane, std::move(message));
    }
}

void Intake::flush_messages() {
    for (std::uint32_t lane = 0; lane < lanes_.size(); ++lane) {
        auto& waiting = unsent_[lane];
        while (!waiting.empty() &&
               lanes_[lane].link->inbound.try_push(std::move(waiting.front()))) {
            waiting.pop_front();
            touched_[lane] = true;
        }
    }
}

void Intake::update_rates() {
    if (rate_at_ == TimePoint{}) rate_at_ = now_;
    auto const elapsed = now_ - rate_at_;
    if (elapsed < rate_interval) return;
    auto const secs = std::chrono::duration<double>(elapsed).count();
    counts_.read_per_sec = static_cast<double>(counts_.read - read_before_) / secs;
    counts_.written_per_sec = static_cast<double>(counts_.written - written_before_) / secs;
    read_before_ = counts_.read;
    written_before_ = counts_.written;
    rate_at_ = now_;
}

TimePoint Intake::next_turn(bool has_more) const {
    if (has_more) return now_;
    auto next = now_ + sleep_max;
    bool const has_open = open_bytes_ != 0;
    if (has_open || is_commit_under_way_) next = std::min(next, now_ + settings_.commit_interval);
    auto const commit_due = has_open ? commit_due_ : idle_commit_due_;
    if (commit_due > now_) next = std::min(next, commit_due);
    if (revocation_) next = std::min(next, revocation_->deadline);
    bool const is_draining = phase_ == Phase::draining || phase_ == Phase::committing;
    if (is_draining) next = std::min(next, drain_deadline_);
    for (auto const& command : pending_) {
        next = std::min(next, std::max(command.deadline, now_));
    }
    if (auto const retry = burials_.next_retry()) next = std::min(next, std::max(*retry, now_));
    for (auto const& waiting : unsent_) {
        if (!waiting.empty()) next = std::min(next, now_ + std::chrono::milliseconds(1));
    }
    return next;
}

}  // namespace headrace::flow
