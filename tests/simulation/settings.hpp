// What kind of world a seed makes: the route's configuration, the shape of its records, and which
// faults may happen at all. Each fault is present in some worlds and absent in others, so that one
// kind of trouble does not hide another. Plain values.
#pragma once

#include "flow/delivery.hpp"
#include "flow/gate.hpp"
#include "flow/intake.hpp"
#include "simulation/timeline.hpp"

#include <cstdint>
#include <string>

namespace headrace::simulation {

enum class OnTombstone : std::uint8_t { skip, write, refuse };

/// How probable each kind of record is.
struct RecordShape {
    std::size_t keys = 10;
    double keyless = 0;
    double tombstone = 0;
    double refused_at_decode = 0;
    double refused_at_encode = 0;
    double refused_at_write = 0;
    double oversized = 0;  ///< Larger than the destination's body limit.
    double gap = 0;        ///< An offset without a record: control records, compaction.
    std::size_t value_bytes_max = 100;
};

/// What the destination and the way to it may do.
struct DestinationFaults {
    bool slow = false;
    bool errors = false;             ///< 5xx, applied or not.
    bool resets = false;             ///< Half applied, or the answer lost after it was applied.
    bool hangs = false;              ///< Until the time-out; perhaps applied, perhaps after it.
    bool throttles = false;          ///< 429 with any Retry-After.
    bool blocks = false;             ///< 401 for a while.
    bool outages = false;            ///< Nothing but connection errors for a while.
    bool loses_targets = false;      ///< One name is missing for a while.
    bool forgets_schema = false;     ///< A target must be prepared again.
    bool misspeaks = false;          ///< Success in words that nobody understands.
    bool refuses_at_random = false;  ///< 400 although no record is at fault.
};

struct DeadLetterFaults {
    bool is_absent = false;  ///< No topic is configured until the end phase.
    bool refuses = false;    ///< produce() fails for a while.
    bool fails = false;      ///< The answer is an error, though perhaps it was written.
    bool is_slow = false;
};

struct GroupFaults {
    bool is_cooperative = false;
    std::size_t members_max = 1;
    bool moves = false;   ///< Partitions are assigned anew.
    bool evicts = false;  ///< The session times out although the member lives.
    bool pauses = false;  ///< SIGSTOP and SIGCONT, or the machine sleeps.
    bool crashes = false;
    bool drains = false;  ///< SIGTERM, then a new process.
    bool fails_commits = false;
    bool is_slow_to_commit = false;
    bool loses_commit_answers = false;
    bool refuses_metadata = false;
    bool expires = false;  ///< Retention deletes records that were not read.
    Duration session{};
};

struct WorldSettings {
    std::uint64_t seed = 0;
    std::size_t records = 100;
    std::size_t partitions = 1;
    std::size_t topics = 1;
    std::size_t targets = 1;
    std::size_t lanes = 1;
    std::size_t ring = 64;              ///< Capacity of the rings between intake and lanes.
    std::size_t body_bytes_max = 4096;  ///< The destination answers 413 beyond.
    std::size_t prefetch_bytes = 0;
    bool collapses = false;
    bool must_prepare = false;
    OnTombstone on_tombstone = OnTombstone::skip;
    Duration chaos{};  ///< How long faults go on.
    Duration http_timeout{};
    Duration drain{};
    Duration thread_delay{};  ///< How late a thread may run after it was woken.
    bool jumps_wall = false;
    RecordShape record;
    DestinationFaults destination;
    DeadLetterFaults dead_letters;
    GroupFaults group;
    flow::RequestShape request;
    flow::DeliverySettings delivery;
    flow::GateSettings gate;
    flow::IntakeSettings intake;
};

/// The world of a seed; the same one every time.
[[nodiscard]] WorldSettings draw_settings(std::uint64_t seed);

/// The settings for people, one line each.
[[nodiscard]] std::string describe(WorldSettings const& settings);

}  // namespace headrace::simulation
