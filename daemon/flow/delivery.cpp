#include "flow/delivery.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

namespace headrace::flow {
namespace {

constexpr BatchId no_batch = std::numeric_limits<BatchId>::max();
/// How long a record may pin Kafka's fetch buffer before it is copied out.
constexpr Duration pin_max = std::chrono::seconds(1);

BatcherSettings batcher_settings(DeliverySettings const& settings, RequestShape const& shape) {
    return BatcherSettings{.records_per_target_max = settings.batch_size,
                           .targets_max = shape.targets_max,
                           .bytes_max = settings.batch_bytes,
                           .envelope_bytes = shape.envelope_bytes,
                           .linger = settings.linger};
}

}  // namespace

Delivery::Delivery(DeliverySettings settings, Sink& sink, Gate& gate, LaneStats& stats,
                   Report report)
    : settings_(settings),
      shape_(sink.shape()),
      sink_(sink),
      gate_(gate),
      stats_(stats),
      report_(std::move(report)),
      random_(settings.seed),
      batcher_(batcher_settings(settings, shape_)),
      recoveries_seen_(gate.recoveries()),
      burials_seen_(gate.refusals().burials()),
      retrials_seen_(gate.refusals().retrials()) {}

Delivery::~Delivery() = default;

void Delivery::handle(LaneMessage&& message, Now now) {
    switch (message.kind) {
        case LaneMessage::Kind::record:
            admit(std::move(message.record), now);
            break;
        case LaneMessage::Kind::buried:
            unlock(message.record.order_hash, now);
            break;
        case LaneMessage::Kind::revoke:
            revoked_[message.record.ticket.slot] = message.record.ticket.epoch;
            give_back(now);
            break;
        case LaneMessage::Kind::drain:
            is_draining_ = true;
            give_back(now);
            break;
        case LaneMessage::Kind::resume:
            is_draining_ = false;
            break;
    }
}

void Delivery::admit(Record&& record, Now now) {
    if (is_unwanted(record)) {
        hand_back(std::move(record), is_draining_ ? Fate::drained : Fate::revoked);
        return;
    }
    auto placement = sink_.place(record);
    if (auto* refusal = std::get_if<Refusal>(&placement)) {
        refuse(std::move(record), std::move(*refusal), now);
    } else if (std::holds_alternative<Skip>(placement)) {
        hand_back(std::move(record), Fate::tombstone);
    } else {
        record.target = std::get<TargetId>(placement);
        record.order_hash = order_hash_of(record);
        if (sink_.is_ready(record.target) && !unready_keys_.contains(record.order_hash)) {
            admit_ready(std::move(record), now);
        } else {
            record.detach();
            wait_until_ready(std::move(record));
        }
    }
}

/// Of one key or partition none passes another on the way to different targets.
void Delivery::wait_until_ready(Record&& record) {
    want_prepared(record.target);
    if (record.order_hash != 0) unready_keys_.insert(record.order_hash);
    unready_.push_back(std::move(record));
}

void Delivery::admit_ready(Record&& record, Now now) {
    auto inspected = sink_.inspect(record, record.target);
    if (auto* refusal = std::get_if<Refusal>(&inspected)) {
        refuse(std::move(record), std::move(*refusal), now);
        return;
    }
    auto const& inspection = std::get<Inspection>(inspected);
    record.sink_word = inspection.sink_word;
    record.encoded_bytes = static_cast<std::uint32_t>(inspection.encoded_bytes);
    if (settings_.order == Order::key && inspection.order_hash != 0)
        record.order_hash = inspection.order_hash;
    enqueue(std::move(record), now);
}

void Delivery::enqueue(Record&& record, Now now) {
    auto const spot = spot_for(record);
    if (record.order_hash != 0 && !locks_.try_join(record.order_hash, spot.id)) {
        locks_.wait(std::move(record));
    } else {
        put(std::move(record), spot, now);
    }
}

void Delivery::put_into_batch(Record&& record, Now now) {
    auto const spot = spot_for(record);
    if (record.order_hash != 0) locks_.lock(record.order_hash, spot.id);
    put(std::move(record), spot, now);
}

Delivery::Spot Delivery::spot_for(Record const& record) {
    if (auto const blocked = blocked_.find(record.target); blocked != blocked_.end())
        return {.blocked = &blocked->second};
    Batch* const batch = batcher_.find(record.target, record.encoded_bytes);
    return {.batch = batch, .id = batch == nullptr ? batcher_.next_id() : batch->id};
}

void Delivery::put(Record&& record, Spot const& spot, Now now) {
    if (spot.blocked != nullptr) {
        record.detach();
        note_blocked(record.cost_bytes, 0);
        spot.blocked->records.push_back(std::move(record));
        return;
    }
    Batch& batch =
        spot.batch != nullptr ? *spot.batch : batcher_.open_batch(record.target, now.time);
    assert(batch.id == spot.id);
    batcher_.add(batch, std::move(record));
}

void Delivery::release_waiting(std::uint64_t hash, Now now) {
    while (Record const* const first = locks_.first(hash)) {
        BatchId id = no_batch;
        if (!blocked_.contains(first->target)) {
            Batch const* const batch = batcher_.find(first->target, first->encoded_bytes);
            id = batch == nullptr ? no_batch : batch->id;
        }
        if (!locks_.first_may_join(hash, id)) break;
        put_into_batch(locks_.take_first(hash), now);
    }
    locks_.settle_empty(hash);
}

void Delivery::admit_unready(Now now) {
    auto records = std::exchange(unready_, {});
    unready_keys_.clear();
    for (auto& record : records) {
        if (sink_.is_ready(record.target) && !unready_keys_.contains(record.order_hash)) {
            admit_ready(std::move(record), now);
        } else {
            wait_until_ready(std::move(record));
        }
    }
    for (auto& batch : std::exchange(unready_batches_, {})) {
        go_on(std::move(batch), now);
    }
}

void Delivery::want_prepared(TargetId target) {
    if (sink_.is_ready(target)) return;
    if (preparing_ && preparing_->target == target) return;
    bool const is_wanted =
        std::any_of(to_prepare_.begin(), to_prepare_.end(),
                    [&](Preparation const& wanted) { return wanted.target == target; });
    if (!is_wanted) to_prepare_.push_back({.target = target});
}

std::uint64_t Delivery::order_hash_of(Record const& record) const {
    switch (settings_.order) {
        case Order::none:
            return 0;
        case Order::partition:
            return record.origin->hash | 1U;
        case Order::key:
            break;
    }
    if (shape_.has_own_key || !record.key) return 0;
    return hash_bytes(*record.key, record.origin->hash) | 1U;
}

void Delivery::detach_old(TimePoint now) {
    batcher_.detach_older(now - pin_max);
    locks_.detach_old();
    for (auto& batch : in_flight_) {
        if (batch->opened_at > now - pin_max) continue;
        for (auto& part : batch->parts) {
            for (auto& record : part.records) {
                record.detach();
            }
        }
    }
}

bool Delivery::is_idle() const noexcept {
    return in_flight_.empty() && !preparing_ && held_.empty() && retrying_.empty() &&
           unready_.empty() && unready_batches_.empty() && blocked_.empty() && refused_.empty() &&
           locks_.waiting() == 0 && batcher_.open() == 0;
}

void Delivery::note_backlog() {
    stats_.backlog_records.store(batcher_.records(), std::memory_order_relaxed);
}

}  // namespace headrace::flow
