// The two lock-free rings between a route's consumer thread and one lane, and what travels on them:
// records and orders to the lane, fates back. Used by the intake on one side and the lane on the
// other. Thread safety: single producer, single consumer in each direction; the flags are atomics.
#pragma once

#include "flow/dead_letters.hpp"
#include "flow/record.hpp"
#include "flow/spsc_ring.hpp"

#include <atomic>
#include <cstdint>
#include <memory>

namespace headrace::flow {

/// What the consumer thread hands to a lane.
struct LaneMessage {
    enum class Kind : std::uint8_t {
        record,  ///< A record to be written.
        revoke,  ///< Records of ticket.slot up to ticket.epoch are no longer wanted: return what
                 ///< was never sent.
        drain,   ///< Return everything that was never sent; send nothing new.
        resume,  ///< The drain is over and was not the last: send again.
        buried,  ///< The dead letter of a record with record.order_hash is acknowledged.
    };
    Kind kind = Kind::record;
    Record record;  ///< For revoke and buried only ticket or order_hash are set.

    LaneMessage() = default;
    explicit LaneMessage(Record&& to_write) noexcept : record(std::move(to_write)) {}
};

/// How a record ended in a lane.
enum class Fate : std::uint8_t {
    written,     ///< The destination said yes.
    tombstone,   ///< Skipped: a tombstone, by rule.
    superseded,  ///< Skipped: a later record of the same key took its place and was written.
    revoked,     ///< Returned: its partition was taken away.
    drained,     ///< Returned: the route is draining.
    buried,      ///< To be dead-lettered: the burial comes along.
};

/// A record on its way to the dead-letter topic.
struct Burial {
    Record record;
    FailureReport report;
    std::uint32_t lane = 0;
};

/// What a lane hands back. The handle travels along so that Kafka's messages are destroyed on the
/// consumer thread.
struct Outcome {
    Ticket ticket;
    Fate fate = Fate::written;
    std::uint32_t cost_bytes = 0;
    RecordHandle handle;
    std::unique_ptr<Burial> burial;
};

struct LaneLink {
    static constexpr std::size_t inbound_capacity = 1024;
    static constexpr std::size_t outbound_capacity = 4096;

    /// Other capacities are for simulations.
    explicit LaneLink(std::size_t inbound_max = inbound_capacity,
                      std::size_t outbound_max = outbound_capacity)
        : inbound(inbound_max), outbound(outbound_max) {}

    SpscRing<LaneMessage> inbound;
    SpscRing<Outcome> outbound;

    /// The lane has been told to look at `inbound` and has not yet begun to.
    std::atomic<bool> is_lane_notified{false};
    /// The consumer thread sleeps, or is about to, until so many outcomes stand in `outbound`: the
    /// lane that sets it to 0 wakes it. 0: it waits for none.
    std::atomic<std::size_t> wake_at{0};
    /// The consumer thread sleeps with records open: a lane that has none left wakes it, so that
    /// the last of them is committed at once.
    std::atomic<bool> wants_idle_wake{false};
    /// The lane handed back everything that it took.
    std::atomic<bool> is_idle{true};
    /// The lane could not hand back everything, because `outbound` was full.
    std::atomic<bool> is_outbound_blocked{false};
};

}  // namespace headrace::flow
