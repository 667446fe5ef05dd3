#include "flow/retry_queue.hpp"

#include <algorithm>
#include <iterator>

namespace headrace::flow {
namespace {

/// Heap order: the earliest on top; of equal times the batch that was made first.
bool is_later(std::unique_ptr<Batch> const& a, std::unique_ptr<Batch> const& b) {
    return a->due != b->due ? a->due > b->due : a->id > b->id;
}

}  // namespace

void RetryQueue::push(std::unique_ptr<Batch> batch) {
    heap_.push_back(std::move(batch));
    std::push_heap(heap_.begin(), heap_.end(), is_later);
}

std::unique_ptr<Batch> RetryQueue::take_due(TimePoint now) {
    if (heap_.empty() || heap_.front()->due > now) return nullptr;
    return take_first();
}

std::unique_ptr<Batch> RetryQueue::take_first() {
    if (heap_.empty()) return nullptr;
    std::pop_heap(heap_.begin(), heap_.end(), is_later);
    auto batch = std::move(heap_.back());
    heap_.pop_back();
    return batch;
}

std::optional<TimePoint> RetryQueue::next_due() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front()->due;
}

void RetryQueue::hurry(TimePoint now) {
    for (auto& batch : heap_) {
        batch->due = std::min(batch->due, now);
    }
    std::make_heap(heap_.begin(), heap_.end(), is_later);
}

std::vector<std::unique_ptr<Batch>> RetryQueue::take_if(std::function<bool(Batch&)> const& change) {
    std::vector<std::unique_ptr<Batch>> taken;
    auto const kept = std::stable_partition(
        heap_.begin(), heap_.end(), [&](std::unique_ptr<Batch>& batch) { return !change(*batch); });
    std::move(kept, heap_.end(), std::back_inserter(taken));
    heap_.erase(kept, heap_.end());
    std::make_heap(heap_.begin(), heap_.end(), is_later);
    return taken;
}

}  // namespace headrace::flow
