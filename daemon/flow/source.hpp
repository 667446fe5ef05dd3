// The port to Kafka's consuming side: assignment events, records per partition, commits. Used by
// the intake on the route's consumer thread. Implemented by kafka/kafka_source and by fakes. No
// call waits longer than 100 ms. Offsets are the source's business only as far as positions go:
// what may be committed is decided by the intake. Thread safety: every call on the consumer thread,
// but for wake().
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "flow/record.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace headrace::flow {

/// One assigned partition: the source's slot number, valid from on_assigned until release or
/// on_lost; slots are used again.
using Slot = std::uint32_t;

struct Assigned {
    Slot slot = 0;
    TopicPartition const* origin = nullptr;
    std::optional<Offset>
        committed;             ///< What the group had committed; where reading begins if present.
    std::string metadata{};    ///< What came with that commit; anybody may have written it.
    std::string cluster_id{};  ///< Printable, without blanks; empty: not known.
};

struct CommitPoint {
    TopicPartition const* origin = nullptr;
    Offset offset = 0;       ///< The next to read.
    std::string metadata{};  ///< Kept with the commit, and handed out with the next assignment.
};

/// What the source tells; called from within Source::serve() only.
class SourceListener {
  public:
    virtual ~SourceListener() = default;
    /// Reading begins; an empty list is an empty assignment and still means that the group was
    /// joined.
    virtual void on_assigned(std::span<Assigned const> partitions) = 0;
    /// The group wants these back: the listener drains them and then calls Source::release(). Until
    /// then they are its own.
    virtual void on_revoking(std::span<Slot const> slots) = 0;
    /// These are gone already (session timed out): nothing may be committed for them; the slots are
    /// free.
    virtual void on_lost(std::span<Slot const> slots) = 0;
    /// The answer to one commit() call, in order of the calls. An error means that none of it can
    /// be counted on; ErrorCode::too_large, that the brokers refuse the metadata's size.
    virtual void on_committed(std::span<CommitPoint const> points, Result<void> const& result) = 0;
    /// Records were lost to retention before they were read (an offset out of range); reading goes
    /// on at the earliest. `to` below `from`: the topic was made anew, its offsets begin again.
    virtual void on_expired(TopicPartition const& origin, Offset from, Offset to) = 0;
    /// A condition that operators should know and that mends itself, such as no broker reachable;
    /// repeated at a slow pace.
    virtual void on_trouble(Error const& error) = 0;
    /// The trouble is over.
    virtual void on_recovered() = 0;
};

/// A partition's end as last heard of, without asking the broker.
struct PartitionEnd {
    Offset end =
        -1;  ///< High watermark, or last stable offset when read committed; -1: not known yet.
};

class Source {
  public:
    virtual ~Source() = default;

    /// Joins the group, also again after close(). Errors are configuration faults; an unreachable
    /// broker is trouble, not an error.
    [[nodiscard]] virtual Result<void> start() = 0;

    /// Hands over what happened since the last call; does not wait.
    virtual void serve(SourceListener& listener) = 0;

    /// Moves up to `max` records of the slot to the end of `out`, without waiting; origin, offset,
    /// key, value, timestamp and handle are set. Prefetched records that are not read stay where
    /// they are.
    virtual std::size_t read(Slot slot, std::size_t max, std::vector<Record>& out) = 0;

    /// Says whether the slot will not be read for a while although others are: what was prefetched
    /// of it must not stand in their way.
    virtual void hold(Slot /*slot*/, bool /*is_held*/) {}

    /// Where reading stands: the offset after the last one read or known to be passed over (control
    /// records, compaction).
    [[nodiscard]] virtual std::optional<Offset> position(Slot slot) const = 0;

    /// Whether a commit started now would count; false while the group is forming anew around this
    /// member, which nothing announces but the end of this wait.
    [[nodiscard]] virtual bool may_commit() const = 0;

    /// Starts a commit; the answer comes by on_committed. An empty span does nothing.
    virtual void commit(std::span<CommitPoint const> points) = 0;

    /// Gives partitions back after on_revoking.
    virtual void release(std::span<Slot const> slots) = 0;

    [[nodiscard]] virtual PartitionEnd end(Slot slot) const = 0;

    /// Leaves the group and closes, waiting until `deadline` at most; false if the close could not
    /// be completed in time.
    [[nodiscard]] virtual bool close(TimePoint deadline) = 0;

    /// Sleeps until something may be read or served, wake() was called, or `until` has passed.
    virtual void wait(TimePoint until) = 0;

    /// Ends a wait(), the present or the next one. Thread safety: any thread.
    virtual void wake() noexcept = 0;

    /// Bytes that librdkafka may prefetch for this route at most, as configured from the memory
    /// share.
    [[nodiscard]] virtual std::size_t prefetch_bytes_max() const noexcept = 0;

    /// Bytes that are prefetched now, as far as that can be known.
    [[nodiscard]] virtual std::size_t prefetched_bytes() const { return prefetch_bytes_max(); }
};

}  // namespace headrace::flow
