// Keeps records with equal ordering hashes out of two requests at once: a hash is locked by the
// batch that carries its records, and later records wait here, in order, until every earlier one is
// settled. Used by delivery, one per lane.
//
// Invariants:
//  1. A hash is in the table while records of it are open in this lane.
//  2. Waiting records of a hash leave in the order in which they came.
// Thread safety: not thread-safe; lives on the lane's worker thread.
#pragma once

#include "flow/record.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <functional>
#include <vector>

namespace headrace::flow {

/// Numbers batches; 0 is none.
using BatchId = std::uint64_t;

class OrderLocks {
  public:
    /// Notes that one more record of the hash is open, carried by `batch`, if it may join: nothing
    /// of the hash is open, or all that is stands in the same batch, and none waits. 0 is a batch
    /// that none may join.
    [[nodiscard]] bool try_join(std::uint64_t hash, BatchId batch);

    /// Notes that one record of the hash is open, carried by `batch` (0: by no batch that others
    /// may join).
    void lock(std::uint64_t hash, BatchId batch);

    /// Says that no record may join the hash's batch any more.
    void disown(std::uint64_t hash);

    /// Says that the hash's one open record stands in `batch` now. REQUIRES: exactly one is open.
    void move(std::uint64_t hash, BatchId batch);

    /// Records of the hash that are open.
    [[nodiscard]] std::uint32_t open(std::uint64_t hash) const;

    /// Whether anything of the hash is open or waits.
    [[nodiscard]] bool is_locked(std::uint64_t hash) const { return table_.contains(hash); }

    /// Puts a record behind the earlier ones of its hash. REQUIRES: is_locked(record.order_hash).
    void wait(Record record);

    /// Takes an open record back to wait before all others of its hash but those of its partition
    /// that come before it. REQUIRES: it is counted as open; if no other one of the hash is, those
    /// that wait are to be released.
    void wait_first(Record record);

    /// Whether a record of its hash and partition that comes before it waits.
    [[nodiscard]] bool has_earlier_waiting(Record const& record) const;

    /// Notes that one open record of the hash is settled. True if it was the last one and others
    /// wait: the caller then takes them out with take_first() as far as they may go, and calls
    /// settle_empty() at the end.
    [[nodiscard]] bool unlock(std::uint64_t hash);

    /// The first waiting record that may go into `batch` now, or null: nothing waits, or what is
    /// open stands elsewhere.
    [[nodiscard]] Record const* first(std::uint64_t hash) const;
    [[nodiscard]] bool first_may_join(std::uint64_t hash, BatchId batch) const;
    /// REQUIRES: first(hash) is not null.
    [[nodiscard]] Record take_first(std::uint64_t hash);
    /// Forgets the hash if nothing of it is open and nothing waits.
    void settle_empty(std::uint64_t hash);

    /// Lets go of fetch buffers of records that have waited since the last call but one; to be
    /// called about once a second.
    void detach_old();

    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

    /// Moves every waiting record for which `predicate` holds to the end of `out`, keeping the
    /// order of the others.
    void remove_waiting(std::function<bool(Record const&)> const& predicate,
                        std::vector<Record>& out);

  private:
    static constexpr std::uint32_t none = 0xFFFFFFFFU;
    struct Lock {
        BatchId batch = 0;
        std::uint32_t open = 0;
        std::uint32_t first = none;  ///< Of the waiting chain.
        std::uint32_t last = none;
    };
    struct Node {
        Record record;
        std::uint32_t next = none;
        bool is_old = false;  ///< It was here when fetch buffers were last let go.
    };
    std::uint32_t take_node(Record record);
    void free_node(std::uint32_t index);

    boost::unordered_flat_map<std::uint64_t, Lock> table_;
    std::vector<Node> nodes_;
    std::uint32_t free_ = none;
    std::size_t waiting_ = 0;
};

}  // namespace headrace::flow
