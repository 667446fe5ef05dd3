// The part of delivery that gives records back: a partition was taken away, or the route drains.
#include "flow/delivery.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace headrace::flow {

bool Delivery::is_unwanted(Record const& record) const {
    if (is_draining_) return true;
    if (revoked_.empty()) return false;
    auto const revoked = revoked_.find(record.ticket.slot);
    return revoked != revoked_.end() && record.ticket.epoch <= revoked->second;
}

bool Delivery::return_unwanted(Batch& batch, std::vector<Record>& out) const {
    if (!is_draining_ && revoked_.empty()) return false;
    // From the back: the last part is the present one, its records come first.
    for (auto part = batch.parts.rbegin(); part != batch.parts.rend(); ++part) {
        auto const kept =
            std::stable_partition(part->records.begin(), part->records.end(),
                                  [&](Record const& record) { return !is_unwanted(record); });
        std::move(kept, part->records.end(), std::back_inserter(out));
        part->records.erase(kept, part->records.end());
    }
    std::erase_if(batch.parts, [](Part const& part) { return part.records.empty(); });
    if (!batch.parts.empty()) return false;
    batch.parts.resize(1);
    return true;
}

void Delivery::give_back(Now now) {
    auto const unwanted = [this](Record const& record) { return is_unwanted(record); };
    // First those that hold no lock, so that nothing unwanted is released below.
    std::vector<Record> without_lock;
    locks_.remove_waiting(unwanted, without_lock);
    std::deque<Record> wanted;
    for (auto& record : unready_) {
        if (is_unwanted(record)) {
            without_lock.push_back(std::move(record));
        } else {
            wanted.push_back(std::move(record));
        }
    }
    unready_ = std::move(wanted);
    auto const fate = is_draining_ ? Fate::drained : Fate::revoked;
    for (auto& record : without_lock) {
        hand_back(std::move(record), fate);
    }

    std::vector<Record> locked;
    batcher_.remove(unwanted, locked);
    auto const strip = [&](Batch& batch) {
        bool const is_empty = return_unwanted(batch, locked);
        if (is_empty) retire(batch, now.wall);
        return is_empty;
    };
    std::ignore = retrying_.take_if(strip);  // The batches are empty now.
    std::ignore = held_.take_if(strip);
    std::erase_if(unready_batches_, [&](auto& batch) { return strip(*batch); });
    std::vector<TargetId> without_probe;
    for (auto entry = blocked_.begin(); entry != blocked_.end();) {
        auto& blocked = entry->second;
        std::erase_if(blocked.batches, [&](auto& batch) { return strip(*batch); });
        std::deque<Record> kept;
        for (auto& record : blocked.records) {
            if (is_unwanted(record)) {
                note_blocked(0, record.cost_bytes);
                locked.push_back(std::move(record));
            } else {
                kept.push_back(std::move(record));
            }
        }
        blocked.records = std::move(kept);
        if (blocked.batches.empty() && !blocked.is_probing && !blocked.records.empty())
            without_probe.push_back(entry->first);
        bool const is_gone = blocked.is_empty();
        if (is_gone) gate_.on_target_mended(now.wall);
        entry = is_gone ? blocked_.erase(entry) : std::next(entry);
    }
    give_back_refused(locked, now);
    forget_preparations(now);
    return_all(std::move(locked), now);
    for (auto const target : without_probe) {
        release_target(target, now);
    }
    // What stood behind a record that was given back need not wait any more, and what waits on in
    // its batch may need another target.
    if (!unready_.empty() || !unready_keys_.empty() || !unready_batches_.empty())
        admit_unready(now);
}

/// A target for which nothing waits any more need not be prepared, and its absence is no alarm.
void Delivery::forget_preparations(Now now) {
    std::erase_if(to_prepare_, [&](Preparation const& preparation) {
        auto const is_its = [&](Record const& record) {
            return record.target == preparation.target;
        };
        bool const is_wanted =
            std::any_of(unready_.begin(), unready_.end(), is_its) ||
            std::any_of(unready_batches_.begin(), unready_batches_.end(), [&](auto const& batch) {
                auto const& records = batch->part().records;
                return std::any_of(records.begin(), records.end(), is_its);
            });
        if (!is_wanted && preparation.is_blocked) gate_.on_target_mended(now.wall);
        return !is_wanted;
    });
}

void Delivery::return_all(std::vector<Record> records, Now now) {
    auto const fate = is_draining_ ? Fate::drained : Fate::revoked;
    for (auto& record : records) {
        settle(std::move(record), fate, now);
    }
}

void Delivery::note_blocked(std::uint64_t more, std::uint64_t less) {
    stats_.blocked_bytes.store(stats_.blocked_bytes.load(std::memory_order_relaxed) + more - less,
                               std::memory_order_relaxed);
}

}  // namespace headrace::flow
