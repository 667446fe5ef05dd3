// Where assigned partitions begin, decided from what the group has committed: `start` counts for a
// topic of which the group has no commit at all, everything else begins at its commit or, if it
// appeared later, at the earliest record. Pure; look_ups asks the brokers and carries out the plan.
// Thread safety: a pure function.
#pragma once

#include "flow/record.hpp"
#include "kafka/settings.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace headrace::kafka {

struct PartitionName {
    std::string topic;
    std::int32_t partition = 0;
    bool operator==(PartitionName const&) const = default;
};

/// What the group has committed for every partition of a topic, by partition number.
struct TopicCommits {
    std::string topic;
    std::vector<std::optional<flow::Offset>> offsets;
};

enum class Begin {
    committed,  ///< At the commit.
    earliest,   ///< At the first record there is.
    latest,     ///< After the last record there is.
    time,       ///< At the first record of the start time or later.
};

struct PlannedStart {
    PartitionName name;
    Begin begin = Begin::committed;
    std::optional<flow::Offset> committed;
    bool is_assigned = false;   ///< To this member; the others are only committed.
    bool is_committed = false;  ///< The position is to be committed before reading begins.
};

struct StartPlan {
    std::vector<PlannedStart> starts;
    /// Another member decides for a topic: ask again in a moment.
    bool must_wait = false;
};

struct StartInput {
    StartKind kind = StartKind::earliest;
    std::span<PartitionName const> assigned;
    std::span<TopicCommits const> topics;  ///< At least the topics of `assigned`.
    /// False once waiting has taken too long; the member then decides for what it was assigned.
    bool may_wait = true;
};

/// For a topic without any commit, the member that was assigned its first partition commits the
/// start of all its partitions, so that members who join together do not take each other's first
/// commit for a history.
[[nodiscard]] StartPlan plan_starts(StartInput const& input);

}  // namespace headrace::kafka
