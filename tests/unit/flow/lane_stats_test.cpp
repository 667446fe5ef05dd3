#include "flow/lane_stats.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace::flow;

TEST_CASE("the statistics of several lanes add up in one picture") {
    LaneStats first;
    LaneStats second;
    first.write_requests.add(2);
    second.write_requests.add(3);
    first.write_errors[static_cast<std::size_t>(FailureReason::timeout)].add(1);
    second.retried_records[static_cast<std::size_t>(FailureReason::throttled)].add(10);
    first.write_duration_seconds.observe(0.004);
    second.write_duration_seconds.observe(1000);
    first.end_to_end_seconds.observe(0.02, 10);
    RouteSnapshot out;
    first.add_to(out);
    second.add_to(out);
    CHECK(out.write_requests == 5);
    CHECK(out.write_errors[static_cast<std::size_t>(FailureReason::timeout)] == 1);
    CHECK(out.retried_by_reason.at("throttled") == 10);
    CHECK(out.retried_by_reason.size() == 1);
    auto const& durations = out.write_duration_seconds;
    CHECK(durations.counts.front() == 0);
    CHECK(durations.counts[2] == 1);  // Up to 5 ms.
    CHECK(durations.counts[durations.counts.size() - 2] == 1);
    CHECK(durations.counts.back() == 2);
    CHECK(durations.sum > 1000);
    CHECK(out.end_to_end_seconds.counts.back() == 10);
}
