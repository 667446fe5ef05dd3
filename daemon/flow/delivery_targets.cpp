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

/// Makes one part of each target, to be sent one by one, so that only the missing one is blocked.
void Delivery::separate_targets(Batch& batch) {
    Part mixed = std::move(batch.part());
    batch.parts.pop_back();
    std::vector<Part> separate;
    for (auto& record : mixed.records) {
        auto part = std::find_if(separate.begin(), separate.end(), [&](Part const& candidate) {
            return candidate.records.front().target == record.target;
        });
        if (part == separate.end()) {
            part = separate.emplace(separate.end());
            part->attempts = mixed.attempts;
            part->first_failure = mixed.first_failure;
            part->last = mixed.last;
        }
        part->records.push_back(std::move(record));
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
        std::vector<Record> waiting;
        batcher_.remove([&](Record const& record) { return record.target == target; }, waiting);
        for (auto& record : waiting) {
            if (record.order_hash != 0) locks_.disown(record.order_hash);
            record.detach();
            note_blocked(record.cost_bytes, 0);
            blocked.records.push_back(std::move(record));
        }
    }
    if (was_probe) {
        blocked.batches.push_front(std::move(apart));
    } else {
        blocked.batches.push_back(std::move(apart));
    }
    go_on_if_any(std::move(batch), now);
}

void Delivery::mend_target(TargetId target, Now now) {
    auto const found = blocked_.find(target);
    if (found == blocked_.end()) return;
    BlockedTarget blocked = std::move(found->second);
    blocked_.erase(found);
    gate_.on_target_mended(now.wall);
    report_(Severity::info, "target_mended", sink_.target_name(target) + " accepts records again");
    for (auto& batch : blocked.batches) {
        batch->due = now.time;
        held_.push(std::move(batch));
    }
    // Of several records of one key only a batch of their own keeps the order; all others join as
    // if they came now.
    auto ordered = batcher_.make_sealed(now.time);
    ordered->parts.clear();
    for (auto& record : blocked.records) {
        note_blocked(0, record.cost_bytes);
        if (record.order_hash == 0) {
            put_into_batch(std::move(record), now);
        } else if (locks_.open(record.order_hash) == 1) {
            Batch* batch = batcher_.find(target, record.encoded_bytes);
            if (batch == nullptr) batch = &batcher_.open_batch(target, now.time);
            locks_.move(record.order_hash, batch->id);
            batcher_.add(*batch, std::move(record));
        } else {
            Part part;
            part.records.push_back(std::move(record));
            ordered->parts.insert(ordered->parts.begin(), std::move(part));
        }
    }
    if (!ordered->parts.empty()) held_.push(std::move(ordered));
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
    if (!found->second.is_empty()) return;
    blocked_.erase(found);
    gate_.on_target_mended(now.wall);
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
}

}  // namespace headrace::flow
