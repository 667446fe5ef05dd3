// The part of delivery that deals with a missing target: its records wait, the others go on.
#include "flow/delivery.hpp"

#include <algorithm>
#include <iterator>

namespace headrace::flow {
namespace {

/// Probes of many lanes and processes spread by this share.
constexpr double probe_spread = 0.2;

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
    auto apart = batcher_.make_sealed(now.time);
    apart->parts.clear();
    apart->parts.push_back(std::move(batch->part()));
    batch->parts.pop_back();
    bool const was_probe = std::exchange(batch->is_blocked_probe, false);

    // What follows in the batch and shares a key with the blocked records stays behind them.
    Part behind;
    auto const& first = apart->part().records;
    for (auto& part : batch->parts) {
        auto const kept = std::stable_partition(
            part.records.begin(), part.records.end(), [&](Record const& record) {
                return record.target != target &&
                       (record.order_hash == 0 ||
                        std::none_of(first.begin(), first.end(), [&](Record const& earlier) {
                            return earlier.order_hash == record.order_hash;
                        }));
            });
        std::move(kept, part.records.end(), std::back_inserter(behind.records));
        part.records.erase(kept, part.records.end());
    }
    std::erase_if(batch->parts, [](Part const& part) { return part.records.empty(); });
    if (!behind.records.empty()) apart->parts.insert(apart->parts.begin(), std::move(behind));

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
    if (batch->parts.empty()) {
        batch->parts.resize(1);
        release_permit(*batch);
        batcher_.recycle(std::move(batch));
    } else {
        go_on(std::move(batch), now);
    }
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

void Delivery::end_blocked_probe(TargetId target, Now now) {
    auto const found = blocked_.find(target);
    if (found == blocked_.end()) return;
    found->second.is_probing = false;
    if (!found->second.is_empty()) return;
    blocked_.erase(found);
    gate_.on_target_mended(now.wall);
}

}  // namespace headrace::flow
