// Batches that wait to be sent again, the one that is due first on top. Used by delivery.
// Thread safety: not thread-safe; lives on the lane's worker thread.
#pragma once

#include "flow/batch.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace headrace::flow {

class RetryQueue {
  public:
    void push(std::unique_ptr<Batch> batch);

    /// Takes the batch that is due first if it is due by `now`; null otherwise.
    [[nodiscard]] std::unique_ptr<Batch> take_due(TimePoint now);

    /// Takes the batch that is due first, due or not; null if there is none.
    [[nodiscard]] std::unique_ptr<Batch> take_first();

    [[nodiscard]] std::optional<TimePoint> next_due() const;

    /// Makes every batch due by `now`.
    void hurry(TimePoint now);

    /// Runs `change` on each batch and takes those out for which it returns true.
    [[nodiscard]] std::vector<std::unique_ptr<Batch>> take_if(
        std::function<bool(Batch&)> const& change);

    [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }
    [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }

  private:
    std::vector<std::unique_ptr<Batch>> heap_;
};

}  // namespace headrace::flow
