// Snapshots that every test of ops looks at: one route that flows and has seen everything, one that
// is blocked before its first record. Plain functions.
#pragma once

#include "base/timestamp.hpp"
#include "flow/route_snapshot.hpp"

#include <vector>

namespace headrace::ops {

inline flow::PartitionSnapshot clicks_partition() {
    flow::PartitionSnapshot partition;
    partition.topic = "clicks";
    partition.partition = 3;
    partition.read = 9'007'199'254'740'993;
    partition.committed = 1200;
    partition.end = 1300;
    partition.lag_records = 100;
    partition.lag_secs = 2.5;
    partition.blocking = flow::BlockingOffset{
        .offset = 1200, .age_secs = 1.5, .attempts = 4, .error = "429 \"slow down\""};
    return partition;
}

inline flow::RouteSnapshot clicks_route() {
    flow::RouteSnapshot route;
    route.name = "clicks";
    route.destination_type = "tecton";
    route.since = parse_timestamp("2026-11-21T09:00:00.000Z").value();
    route.joined = true;
    route.read_by_topic = {{"clicks", 1300}};
    route.expired_by_topic = {{"clicks", 7}};
    route.read = 1300;
    route.written = 1180;
    route.dead_lettered_by_reason = {{"invalid_json", 10}, {"odd", 1}};
    route.skipped_by_reason = {{"tombstone", 5}};
    route.returned_by_reason = {{"revoked", 4}};
    route.retried_by_reason = {{"throttled", 40}};
    route.in_flight_records = 100;
    route.in_flight_bytes = 51200;
    route.write_requests = 130;
    route.check_requests = 2;
    route.write_errors[static_cast<std::size_t>(flow::FailureReason::throttled)] = 4;
    route.write_duration_seconds = {{0.1, 1}, {100, 129, 130}, 12.25};
    route.end_to_end_seconds = {{0.5, 5}, {1000, 1180, 1180}, 300.5};
    route.batch_records = {{1, 10}, {2, 130, 130}, 1180};
    route.concurrency_limit = 16.5;
    route.concurrency_latency_secs = 0.025;
    route.concurrency_changes = {4, 3, 2, 1, 0};
    route.requests_in_flight = 10;
    route.rate_limited_seconds = {0, 2.5, 0};
    route.memory_bytes = 1'000'000;
    route.memory_limit_bytes = 134'217'728;
    route.read_per_sec = 120.5;
    route.written_per_sec = 118;
    route.partitions = {clicks_partition()};
    return route;
}

inline flow::RouteSnapshot blocked_route() {
    flow::RouteSnapshot route;
    route.name = "docs";
    route.destination_type = "milvus";
    route.state = flow::RouteState::blocked;
    route.since = parse_timestamp("2026-11-21T09:00:01.250Z").value();
    route.reason = "collection \"docs\" not found";
    route.trouble = "no broker reachable";
    route.memory_limit_bytes = 134'217'728;
    route.partitions.resize(1);
    route.partitions.front().topic = "docs";
    return route;
}

}  // namespace headrace::ops
