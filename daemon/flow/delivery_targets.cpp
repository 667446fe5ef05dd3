// The part of delivery that deals with a missing target: its records wait, the others go on.
#include "flow/delivery.hpp"

#include <algorithm>
#include <iterator>

namespace headrace::flow {
namespace {

/// Probes of many lanes and processes spread by this share.
constexpr double probe_spread = 0.2;
constexpr char const* unknown_name = "unknown_name";

}  // namespace

/// Makes parts of one target each, to be sent one by one, so that only the missing one is blocked.
void Delivery::separate_targets(Batch& batch) {
    Part mixed = std::move(batch.part());
    batch.parts.pop_back();
    std::vector<Part> separate;
    for (auto& record : mixed.records) {
        // Not before another target's record of its key or partition.
        auto const has_key = [&](Record const& other) {
            return record.order_hash != 0 && other.order_hash == record.order_hash;
        };
        auto part = separate.rbegin();
        while (part != separate.rend() && part->records.front().target != record.target &&
               std::none_of(part->records.begin(), part->records.end(), has_key)) {
            ++part;
        }
        if (part != separate.rend() && part->records.front().target == record.target) {
            part->records.push_back(std::move(record));
            continue;
        }
        Part& fresh = separate.emplace_back();
        fresh.attempts = mixed.attempts;
        fresh.first_failure = mixed.first_failure;
        fresh.last = mixed.last;
        fresh.records.push_back(std::move(record));
    }
    std::move(separate.rbegin(), separate.rend(), std::back_inserter(batch.parts));
}

void Delivery::block_target(std::unique_ptr<Batch> batch, Now now) {
    auto const target = batch->part().records.front().target;
    bool const was_probe = std::exchange(batch->is_blocked_probe, false);
    auto apart = set_apart(*batch, target, now);

    auto [entry, is_new] = blocked_.try_emplace(target);
    auto& blocked = entry->second;
    if (was_probe) blocked.is_probing = false;
    blocked.next_probe = now.time + spread(settings_.blocked_probe, probe_spread, random_);
    if (is_new) {
        auto const reason =
            sink_.target_name(target) + " is blocked, " + describe(apart->part().last);
        gate_.on_target_blocked(now.wall, reason);
        report_(Severity::error, "target_blocked", reason);
        block_unsent(target, blocked);
    }
    if (was_probe) {
        blocked.batches.push_front(std::move(apart));
    } else {
        blocked.batches.push_back(std::move(apart));
    }
    go_on_if_any(std::move(batch), now);
}

/// Takes the target's records out of the open batches, and those that must not pass them.
void Delivery::block_unsent(TargetId target, BlockedTarget& blocked) {
    std::vector<Record> unsent;
    batcher_.remove([&](Record const& record) { return record.target == target; }, unsent);
    boost::unordered_flat_map<std::uint64_t, Ticket> first;
    for (auto& record : unsent) {
        if (record.order_hash != 0) {
            locks_.disown(record.order_hash);
            first.try_emplace(record.order_hash, record.ticket);
        }
        record.detach();
        note_blocked(record.cost_bytes, 0);
        blocked.records.push_back(std::move(record));
    }
    if (first.empty()) return;
    std::vector<Record> behind;
    batcher_.remove(
        [&](Record const& record) {
            auto const found = first.find(record.order_hash);
            return found != first.end() && found->second.slot == record.ticket.slot &&
                   found->second.sequence < record.ticket.sequence;
        },
        behind);
    for (auto record = behind.rbegin(); record != behind.rend(); ++record) {
        record->detach();
        locks_.wait_first(std::move(*record));
    }
}

void Delivery::mend_target(TargetId target, Now now) {
    if (!blocked_.contains(target)) return;
    report_(Severity::info, "target_mended", sink_.target_name(target) + " accepts records again");
    release_target(target, now);
}

/// Sends what waits for the target, as it would be if nothing were known of it.
void Delivery::release_target(TargetId target, Now now) {
    auto const found = blocked_.find(target);
    if (found == blocked_.end()) return;
    BlockedTarget blocked = std::move(found->second);
    blocked_.erase(found);
    gate_.on_target_mended(now.wall);
    for (auto& batch : blocked.batches) {
        batch->due = now.time;
        held_.push(std::move(batch));
    }
    // From the last on: while another one of its key is open, a record waits before those behind
    // it; and behind those before it that wait, for the sake of a dead letter.
    std::vector<Record> free;
    std::vector<std::uint64_t> to_release;
    for (auto record = blocked.records.rbegin(); record != blocked.records.rend(); ++record) {
        note_blocked(0, record->cost_bytes);
        auto const hash = record->order_hash;
        bool const must_wait =
            hash != 0 && (locks_.open(hash) > 1 || locks_.has_earlier_waiting(*record));
        if (must_wait) {
            locks_.wait_first(std::move(*record));
            if (locks_.open(hash) == 0) to_release.push_back(hash);
        } else {
            free.push_back(std::move(*record));
        }
    }
    for (auto record = free.rbegin(); record != free.rend(); ++record) {
        if (record->order_hash == 0) {
            put_into_batch(std::move(*record), now);
            continue;
        }
        Batch* batch = batcher_.find(target, record->encoded_bytes);
        if (batch == nullptr) batch = &batcher_.open_batch(target, now.time);
        locks_.move(record->order_hash, batch->id);
        batcher_.add(*batch, std::move(*record));
    }
    for (auto const hash : to_release)
        release_waiting(hash, now);
}

/// Ends the probe of a missing target that `batch` was, if it was one. Gives the target if it is
/// still blocked.
Delivery::BlockedTarget* Delivery::end_probing(Batch& batch) {
    if (!std::exchange(batch.is_blocked_probe, false)) return nullptr;
    auto const found = blocked_.find(batch.part().records.front().target);
    if (found == blocked_.end()) return nullptr;
    found->second.is_probing = false;
    return &found->second;
}

void Delivery::end_blocked_probe(TargetId target, Now now) {
    auto const found = blocked_.find(target);
    if (found == blocked_.end()) return;
    found->second.is_probing = false;
    // What was never sent cannot be a probe: without another one it would wait for ever.
    if (found->second.batches.empty()) release_target(target, now);
}

/// Whether records with a name that the destination does not know are given up: only once it took
/// another one, else the configuration is taken to be at fault.
bool Delivery::may_bury(Judgement const& judgement, TargetId target) {
    auto const& written = written_of(target);
    switch (judgement.unknown) {
        case UnknownName::none:
            return false;
        case UnknownName::source:
            return gate_.sources().has_other_than(*written.source);
        case UnknownName::place:
            return gate_.places().has_other_than(*written.place);
    }
    return false;
}

/// Buries the present part and everything else that waits for its target.
void Delivery::bury_unknown(std::unique_ptr<Batch> batch, Now now) {
    auto const target = batch->part().records.front().target;
    auto const judgement = batch->part().last;
    batch->is_blocked_probe = false;
    bury_part(std::move(batch), unknown_name, now);
    auto const found = blocked_.find(target);
    if (found == blocked_.end()) return;
    BlockedTarget blocked = std::move(found->second);
    blocked_.erase(found);
    gate_.on_target_mended(now.wall);
    for (auto& waiting : blocked.batches) {
        bury_part(std::move(waiting), unknown_name, now);
    }
    Part unsent;
    unsent.last = judgement;
    unsent.first_failure = now.wall;
    for (auto& record : blocked.records) {
        note_blocked(0, record.cost_bytes);
        bury(std::move(record), report_of(unsent, Stage::write, unknown_name, now.wall));
    }
}

/// The same for a target that was only asked about.
void Delivery::bury_unready(Preparation const& preparation, Judgement const& judgement, Now now) {
    if (preparation.is_blocked) gate_.on_target_mended(now.wall);
    for (auto& batch : std::exchange(unready_batches_, {})) {
        if (batch->part().records.front().target != preparation.target) {
            unready_batches_.push_back(std::move(batch));
            continue;
        }
        batch->part().last = judgement;
        bury_part(std::move(batch), unknown_name, now);
    }
    for (auto& record : std::exchange(unready_, {})) {
        if (record.target == preparation.target) {
            refuse(std::move(record),
                   Refusal{Stage::write, unknown_name, judgement.status, judgement.message}, now);
        } else {
            unready_.push_back(std::move(record));
        }
    }
    admit_unready(now);
}

}  // namespace headrace::flow
