// Groups records into batches: at most so many of each target in a request, several targets in one
// request where the sink allows it, a limit of bytes, and an age at which a batch leaves however
// small it is. A full batch goes on taking records of its other targets until it is sent. Used by
// delivery. It knows neither permits nor retries.
//
// Invariants:
//  1. No open batch holds more than records_per_target_max of a target, more than targets_max
//  targets, or more than bytes_max
//     encoded bytes, except that an empty batch takes any record.
//  2. A batch of age leaves before younger ones; of the others the full ones leave, in the order in
//  which they became full.
// Thread safety: not thread-safe; lives on the lane's worker thread.
#pragma once

#include "flow/batch.hpp"

#include <boost/circular_buffer.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace headrace::flow {

struct BatcherSettings {
    std::size_t records_per_target_max = 10;
    std::size_t targets_max = 1;
    std::size_t bytes_max = 0;
    std::size_t envelope_bytes = 0;
    Duration linger{};
};

class Batcher {
  public:
    explicit Batcher(BatcherSettings settings);

    /// The open batch that a record of this target and size goes to next; null if a new one would
    /// be opened.
    [[nodiscard]] Batch* find(TargetId target, std::size_t encoded_bytes);

    /// Opens a batch. REQUIRES: find() gave none, and add() follows at once.
    [[nodiscard]] Batch& open_batch(TargetId target, TimePoint now);

    /// The number of the batch that open_batch() would open now.
    [[nodiscard]] BatchId next_id() const noexcept { return next_id_; }

    /// Puts the record into the batch. REQUIRES: `batch` is what find() or open_batch() gave for
    /// it.
    void add(Batch& batch, Record&& record);

    /// Takes the next batch that is to leave: full, or older than linger; null if there is none.
    [[nodiscard]] std::unique_ptr<Batch> take(TimePoint now);

    /// When the oldest batch comes of age.
    [[nodiscard]] std::optional<TimePoint> next_due() const;

    /// Whether take() would give one now.
    [[nodiscard]] bool has_ready(TimePoint now);
    /// Batches open, full ones included.
    [[nodiscard]] std::size_t open() const noexcept { return open_.size(); }
    [[nodiscard]] std::size_t records() const noexcept { return records_; }

    /// Gives a batch back so that its memory is used again.
    void recycle(std::unique_ptr<Batch> batch);

    /// A sealed batch with a fresh id and one empty part, for delivery's own regrouping.
    [[nodiscard]] std::unique_ptr<Batch> make_sealed(TimePoint now);

    /// Removes every record for which `predicate` holds, in order.
    void remove(std::function<bool(Record const&)> const& predicate, std::vector<Record>& out);

    /// Lets go of fetch buffers in batches opened before `than`.
    void detach_older(TimePoint than);

  private:
    /// Rings that keep their memory: a deque asks for some with every few batches that pass.
    using OpenBatches = boost::circular_buffer<std::unique_ptr<Batch>>;

    [[nodiscard]] bool takes(Batch const& batch, TargetId target, std::size_t encoded_bytes) const;
    [[nodiscard]] std::unique_ptr<Batch> fresh(TimePoint now);
    [[nodiscard]] OpenBatches::iterator find_open(BatchId id);
    void mark_full(Batch& batch);
    void note_full(Batch& batch, std::size_t encoded_bytes);

    BatcherSettings settings_;
    OpenBatches open_;  ///< In order of opening; ids ascend.
    boost::circular_buffer<BatchId>
        full_;  ///< In the order in which they became full; may name batches already taken.
    boost::unordered_flat_map<TargetId, BatchId>
        cursors_;                  ///< Batches before this id have no room for the target.
    Batch* last_found_ = nullptr;  ///< Open, and where its target's cursor stands; or null.
    TargetId last_target_ = 0;
    std::vector<std::unique_ptr<Batch>> spare_;
    BatchId next_id_ = 1;
    std::size_t records_ = 0;
};

}  // namespace headrace::flow
