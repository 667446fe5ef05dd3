// The third part of the intake: what is committed and when, and the map of settled records that
// travels with it.
#include "flow/intake.hpp"

#include <algorithm>
#include <utility>

namespace headrace::flow {
namespace {

/// A route that falls idle commits at once, but one that does so all the time, as few records
/// trickle in, no more often than this.
constexpr int idle_commits_per_interval = 10;

}  // namespace

std::optional<Offset> Intake::committable(Slot slot, Partition const& partition) const {
    auto offset = partition.tracker.committable();
    if (partition.tracker.ahead() != 0) return offset;
    // Nothing is open: control records and compacted gaps behind the last record are passed too.
    auto const position = source_.position(slot);
    if (position && (!offset || *position > *offset)) offset = position;
    return offset;
}

bool Intake::is_commit_due() const {
    return now_ >= commit_due_ || (now_ >= idle_commit_due_ && outstanding() == 0);
}

void Intake::commit(bool is_forced) {
    if (is_commit_under_way_ || (!is_forced && !is_commit_due())) return;
    if (!source_.may_commit()) {
        commit_due_ = now_ + settings_.commit_interval;
        idle_commit_due_ = commit_due_;
        return;
    }
    std::vector<CommitPoint> points;
    bool has_more_settled = false;
    for (Slot slot = 0; slot < partitions_.size(); ++slot) {
        auto& partition = partitions_[slot];
        auto point = due_commit(slot, partition);
        if (!point) {
            // Perhaps more is settled, but beyond what a map holds: that is not looked at again
            // before the next interval.
            has_more_settled |= partition.tracker.settled() != partition.settled_then;
            partition.settled_then = partition.tracker.settled();
            continue;
        }
        partition.requested = {point->offset, point->metadata, partition.tracker.settled()};
        points.push_back(std::move(*point));
    }
    if (!points.empty() || has_more_settled) commit_due_ = now_ + settings_.commit_interval;
    if (points.empty()) return;
    is_commit_under_way_ = true;
    idle_commit_due_ = now_ + settings_.commit_interval / idle_commits_per_interval;
    source_.commit(points);
}

std::optional<CommitPoint> Intake::due_commit(Slot slot, Partition const& partition) const {
    if (partition.origin == nullptr) return std::nullopt;
    auto const offset = committable(slot, partition);
    if (!offset) return std::nullopt;
    bool const is_further = is_news(*offset, partition);
    if (!is_further && partition.tracker.settled() == partition.settled_then) return std::nullopt;
    auto map = settled_map(partition, *offset);
    if (!is_further && (!is_map_accepted_ || map == partition.committed_map)) return std::nullopt;
    return CommitPoint{partition.origin, *offset, std::move(map)};
}

/// What is settled beyond `base`: by this assignment, and by earlier ones as far as it was not read
/// again yet.
std::string Intake::settled_map(Partition const& partition, Offset base) const {
    if (!is_map_accepted_) return {};
    SettledMapWriter writer(base, partition.cluster_id);
    auto const add = [&](OffsetRange range, std::int32_t epoch) {
        // The base may have passed offsets without a record in the middle of an inherited range.
        if (range.last < base) return true;
        range.first = std::max(range.first, base);
        return writer.add(range, epoch);
    };
    if (partition.tracker.visit_settled(add)) partition.before.visit_rest(add);
    return writer.finish();
}

bool Intake::is_news(Offset offset, Partition const& partition) {
    if (partition.committed) return offset > *partition.committed;
    return partition.first && offset > *partition.first;
}

bool Intake::is_committed(Slot slot) const {
    return !due_commit(slot, partitions_[slot]);
}

void Intake::on_committed(std::span<CommitPoint const> points, Result<void> const& result) {
    is_commit_under_way_ = false;
    for (auto& partition : partitions_) {
        if (partition.origin == nullptr || !partition.requested) continue;
        bool const is_in = std::any_of(points.begin(), points.end(), [&](CommitPoint const& point) {
            return point.origin == partition.origin && point.offset == partition.requested->offset;
        });
        auto request = std::exchange(partition.requested, std::nullopt);
        if (!is_in || !result) continue;
        partition.committed = request->offset;
        partition.committed_map = std::move(request->map);
        partition.settled_then = request->settled;
    }
    if (!result && result.error().code == ErrorCode::too_large && is_map_accepted_) {
        is_map_accepted_ = false;
        commit_due_ = now_;
        idle_commit_due_ = now_;
        report_(Severity::warning, "settled_map_refused",
                "the brokers refuse the metadata of commits, which tells a restart what is settled "
                "beyond the committed offset: commits go on without it, and after a crash more "
                "records are written again. Let the brokers' offset.metadata.max.bytes be " +
                    std::to_string(SettledMap::bytes_max) +
                    " or more (4096 is their default) and restart this process");
    } else if (!result) {
        report_(Severity::warning, "commit_failed",
                result.error().message + "; nothing is lost, it is tried again in " +
                    std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(
                                       settings_.commit_interval)
                                       .count()) +
                    " ms");
        commit_due_ = now_ + settings_.commit_interval;
        idle_commit_due_ = commit_due_;
    }
}

void Intake::inherit_map(Assigned const& assigned, Partition& partition) {
    partition.cluster_id = assigned.cluster_id;
    if (assigned.metadata.empty() || !assigned.committed) return;
    auto map = read_settled_map(assigned.metadata);
    if (map && map->base != *assigned.committed) {
        map = Error{ErrorCode::bad_response, "it belongs to offset " + std::to_string(map->base)};
    } else if (map && map->cluster_id != assigned.cluster_id) {
        map = Error{ErrorCode::bad_response, "it was written in another cluster"};
    }
    if (map) {
        partition.committed_map = assigned.metadata;
        partition.before = SettledBefore(std::move(*map));
        return;
    }
    report_(Severity::warning, "settled_map_ignored",
            assigned.origin->topic + "[" + std::to_string(assigned.origin->partition) +
                "]: the metadata of the commit at offset " + std::to_string(*assigned.committed) +
                " is ignored (" + map.error().message +
                "); records beyond that offset may be written again");
}

}  // namespace headrace::flow
