#include "kafka/start_positions.hpp"

#include <algorithm>

namespace headrace::kafka {
namespace {

Begin begin_of(StartKind kind) noexcept {
    switch (kind) {
        case StartKind::earliest:
            return Begin::earliest;
        case StartKind::latest:
            return Begin::latest;
        case StartKind::time:
            return Begin::time;
    }
    return Begin::earliest;
}

/// A topic with commits: assigned partitions begin at theirs, or at the earliest record if they are
/// new.
void plan_known(TopicCommits const& topic, StartInput const& input, StartPlan& plan) {
    for (auto const& name : input.assigned) {
        if (name.topic != topic.topic) continue;
        auto const& offset = topic.offsets.at(static_cast<std::size_t>(name.partition));
        plan.starts.push_back({.name = name,
                               .begin = offset ? Begin::committed : Begin::earliest,
                               .committed = offset,
                               .is_assigned = true});
    }
}

void plan_fresh(TopicCommits const& topic, StartInput const& input, StartPlan& plan) {
    auto const is_assigned = [&](std::int32_t partition) {
        return std::find(input.assigned.begin(), input.assigned.end(),
                         PartitionName{topic.topic, partition}) != input.assigned.end();
    };
    bool const decides_for_all = is_assigned(0);
    if (!decides_for_all && input.may_wait) {
        plan.must_wait = true;
        return;
    }
    for (std::int32_t partition = 0; partition < std::ssize(topic.offsets); ++partition) {
        bool const assigned = is_assigned(partition);
        if (!assigned && !decides_for_all) continue;
        plan.starts.push_back({.name = {topic.topic, partition},
                               .begin = begin_of(input.kind),
                               .committed = std::nullopt,
                               .is_assigned = assigned,
                               .is_committed = true});
    }
}

}  // namespace

StartPlan plan_starts(StartInput const& input) {
    StartPlan plan;
    for (auto const& topic : input.topics) {
        bool const is_known = std::any_of(topic.offsets.begin(), topic.offsets.end(),
                                          [](auto const& offset) { return offset.has_value(); });
        if (is_known) {
            plan_known(topic, input, plan);
        } else {
            plan_fresh(topic, input, plan);
        }
    }
    return plan;
}

}  // namespace headrace::kafka
