#include "flow/batcher.hpp"

#include <algorithm>
#include <cassert>

namespace headrace::flow {
namespace {

/// Spare batches kept for reuse; more are freed.
constexpr std::size_t spare_max = 512;
constexpr std::size_t ring_min = 64;
/// A new batch has room for so many records at most.
constexpr std::size_t first_records_max = 16;
/// A spare batch with more room than this gives its memory back.
constexpr std::size_t spare_records_max = 4096;

template <class T>
void push(boost::circular_buffer<T>& ring, T value) {
    if (ring.full()) ring.set_capacity(std::max(2 * ring.capacity(), ring_min));
    ring.push_back(std::move(value));
}

auto find_target(Batch const& batch, TargetId target) {
    return std::find_if(batch.targets.begin(), batch.targets.end(),
                        [&](auto const& entry) { return entry.first == target; });
}

}  // namespace

Batcher::Batcher(BatcherSettings settings) : settings_(settings) {}

Batch* Batcher::find(TargetId target, std::size_t encoded_bytes) {
    if (last_found_ != nullptr && last_target_ == target) {
        if (takes(*last_found_, target, encoded_bytes)) return last_found_;
        // Behind the last one there is none to look at.
        if (last_found_ == open_.back().get()) {
            note_full(*last_found_, encoded_bytes);
            return nullptr;
        }
    }
    BatchId& cursor = cursors_[target];
    auto const by_id = [](std::unique_ptr<Batch> const& batch, BatchId id) {
        return batch->id < id;
    };
    for (auto at = std::lower_bound(open_.begin(), open_.end(), cursor, by_id); at != open_.end();
         ++at) {
        if (takes(**at, target, encoded_bytes)) {
            cursor = (*at)->id;
            last_found_ = at->get();
            last_target_ = target;
            return last_found_;
        }
        note_full(**at, encoded_bytes);
    }
    return nullptr;
}

/// A batch that a record finds no room in for its bytes is as full as it gets.
void Batcher::note_full(Batch& batch, std::size_t encoded_bytes) {
    bool const for_bytes =
        batch.encoded_bytes + encoded_bytes + settings_.envelope_bytes > settings_.bytes_max;
    if (for_bytes) mark_full(batch);
}

Batch& Batcher::open_batch(TargetId target, TimePoint now) {
    push(open_, fresh(now));
    cursors_[target] = open_.back()->id;
    last_found_ = open_.back().get();
    last_target_ = target;
    return *last_found_;
}

void Batcher::add(Batch& batch, Record&& record) {
    auto found = std::find_if(batch.targets.begin(), batch.targets.end(),
                              [&](auto const& entry) { return entry.first == record.target; });
    if (found == batch.targets.end()) {
        found = batch.targets.insert(found, {record.target, 0});
    }
    ++found->second;
    batch.encoded_bytes += record.encoded_bytes;
    batch.part().records.push_back(std::move(record));
    ++records_;
    bool const reached = found->second >= settings_.records_per_target_max ||
                         batch.encoded_bytes + settings_.envelope_bytes >= settings_.bytes_max;
    if (reached) mark_full(batch);
}

std::unique_ptr<Batch> Batcher::take(TimePoint now) {
    auto at = open_.end();
    // The oldest first once it is of age, so that a busy target cannot starve a quiet one.
    if (!open_.empty() && open_.front()->opened_at + settings_.linger <= now) {
        at = open_.begin();
    }
    while (at == open_.end() && !full_.empty()) {
        at = find_open(full_.front());
        full_.pop_front();
    }
    if (at == open_.end()) return nullptr;
    auto batch = std::move(*at);
    if (batch.get() == last_found_) last_found_ = nullptr;
    // Whichever side is shorter moves up.
    bool const is_near_begin = at - open_.begin() < open_.end() - at;
    at = is_near_begin ? open_.rerase(at) : open_.erase(at);
    records_ -= batch->part().records.size();
    return batch;
}

std::optional<TimePoint> Batcher::next_due() const {
    if (open_.empty()) return std::nullopt;
    return open_.front()->opened_at + settings_.linger;
}

bool Batcher::has_ready(TimePoint now) {
    if (open_.empty()) return false;
    while (!full_.empty() && find_open(full_.front()) == open_.end()) {
        full_.pop_front();
    }
    return !full_.empty() || open_.front()->opened_at + settings_.linger <= now;
}

void Batcher::recycle(std::unique_ptr<Batch> batch) {
    if (spare_.size() >= spare_max) return;
    batch->parts.resize(1);
    if (batch->part().records.capacity() > spare_records_max) return;
    batch->part().records.clear();
    spare_.push_back(std::move(batch));
}

std::unique_ptr<Batch> Batcher::make_sealed(TimePoint now) {
    return fresh(now);
}

void Batcher::remove(std::function<bool(Record const&)> const& predicate,
                     std::vector<Record>& out) {
    last_found_ = nullptr;
    for (auto& batch : open_) {
        auto& records = batch->part().records;
        auto const kept =
            std::stable_partition(records.begin(), records.end(),
                                  [&](Record const& record) { return !predicate(record); });
        for (auto at = kept; at != records.end(); ++at) {
            auto const target =
                std::find_if(batch->targets.begin(), batch->targets.end(),
                             [&](auto const& entry) { return entry.first == at->target; });
            --target->second;
            batch->encoded_bytes -= at->encoded_bytes;
            --records_;
            out.push_back(std::move(*at));
        }
        records.erase(kept, records.end());
    }
    open_.erase(std::remove_if(open_.begin(), open_.end(),
                               [](auto const& batch) { return batch->part().records.empty(); }),
                open_.end());
    full_.erase(std::remove_if(full_.begin(), full_.end(),
                               [&](BatchId id) { return find_open(id) == open_.end(); }),
                full_.end());
}

void Batcher::detach_older(TimePoint than) {
    for (auto& batch : open_) {
        if (batch->opened_at >= than) break;
        for (auto& record : batch->part().records) {
            record.detach();
        }
    }
}

bool Batcher::takes(Batch const& batch, TargetId target, std::size_t encoded_bytes) const {
    if (batch.targets.empty()) return true;
    if (batch.encoded_bytes + encoded_bytes + settings_.envelope_bytes > settings_.bytes_max)
        return false;
    auto const found = find_target(batch, target);
    if (found == batch.targets.end()) return batch.targets.size() < settings_.targets_max;
    return found->second < settings_.records_per_target_max;
}

void Batcher::mark_full(Batch& batch) {
    if (batch.is_full) return;
    batch.is_full = true;
    push(full_, batch.id);
}

Batcher::OpenBatches::iterator Batcher::find_open(BatchId id) {
    // Batches mostly become full in the order in which they were opened.
    if (!open_.empty() && open_.front()->id == id) return open_.begin();
    auto const at =
        std::lower_bound(open_.begin(), open_.end(), id,
                         [](auto const& batch, BatchId wanted) { return batch->id < wanted; });
    return at != open_.end() && (*at)->id == id ? at : open_.end();
}

std::unique_ptr<Batch> Batcher::fresh(TimePoint now) {
    bool const is_new = spare_.empty();
    auto batch = is_new ? std::make_unique<Batch>() : std::move(spare_.back());
    if (!is_new) spare_.pop_back();
    batch->id = next_id_++;
    batch->parts.resize(1);
    if (is_new) {
        // A few at once instead of one, two, four …; a large batch grows as it fills.
        auto const records = std::min(settings_.records_per_target_max, first_records_max);
        batch->part().records.reserve(records);
        batch->effective.reserve(records);
    }
    Part& part = batch->part();
    part.attempts = 0;
    part.failures = 0;
    part.strikes = 0;
    part.suspect = {};
    part.first_failure = {};
    part.last = {};
    batch->targets.clear();
    batch->encoded_bytes = 0;
    batch->opened_at = now;
    batch->due = now;
    batch->is_full = false;
    batch->holds_permit = false;
    batch->is_blocked_probe = false;
    batch->is_suspect = false;
    batch->recovery = 0;
    batch->effective.clear();
    return batch;
}

}  // namespace headrace::flow
