// The part of delivery by which records leave it, and batches end or go on with what is left.
#include "flow/delivery.hpp"

#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <iterator>
#include <tuple>

namespace headrace::flow {

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
    std::vector<Record> waiting;
    boost::unordered_flat_set<std::uint64_t> kept_keys;
    boost::unordered_flat_set<std::uint64_t> waiting_keys;
    // From the back: the present part's records come first. What stays behind keeps its own
    // followers there. What goes for its target waits for those of its key that stay, and what
    // follows it does, too.
    for (auto part = batch.parts.rbegin(); part != batch.parts.rend(); ++part) {
        std::vector<Record> kept;
        for (auto& record : part->records) {
            auto const key = record.order_hash;
            bool const follows = record.target == target || keys.contains(key);
            if (waiting_keys.contains(key) || (follows && kept_keys.contains(key))) {
                waiting_keys.insert(key);
                waiting.push_back(std::move(record));
                continue;
            }
            if (key != 0) (follows ? keys : kept_keys).insert(key);
            (follows ? behind.records : kept).push_back(std::move(record));
        }
        part->records = std::move(kept);
    }
    for (auto record = waiting.rbegin(); record != waiting.rend(); ++record) {
        record->detach();
        locks_.wait_first(std::move(*record));
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

void Delivery::settle(Record&& record, Fate fate, Now now) {
    auto const hash = record.order_hash;
    hand_back(std::move(record), fate);
    if (hash != 0) unlock(hash, now);
}

void Delivery::hand_back(Record&& record, Fate fate) {
    stats_.troubles.forget(record.ticket.slot, record.offset);
    outcomes_.push_back(
        Outcome{record.ticket, fate, record.cost_bytes, std::move(record.handle), nullptr});
}

void Delivery::bury(Record&& record, FailureReport report) {
    record.detach();
    stats_.troubles.forget(record.ticket.slot, record.offset);
    Outcome outcome{record.ticket, Fate::buried, record.cost_bytes, {}, nullptr};
    outcome.burial =
        std::make_unique<Burial>(Burial{std::move(record), std::move(report), settings_.lane});
    outcomes_.push_back(std::move(outcome));
}

void Delivery::refuse(Record&& record, Refusal refusal, Now now) {
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

}  // namespace headrace::flow
