#include "flow/route_snapshot.hpp"
#include "flow/sink.hpp"
#include "flow/verdict.hpp"

#include <catch2/catch_test_macros.hpp>

#include <set>
#include <string>

using namespace headrace::flow;

TEST_CASE("every reason, stage and state has a name of its own") {
    std::set<std::string_view> reasons;
    for (std::size_t i = 0; i < failure_reason_count; ++i) {
        reasons.insert(to_string(static_cast<FailureReason>(i)));
    }
    CHECK(reasons.size() == failure_reason_count);
    CHECK_FALSE(reasons.contains("unknown"));
    std::set<std::string_view> states;
    for (std::size_t i = 0; i < route_state_count; ++i) {
        states.insert(to_string(static_cast<RouteState>(i)));
    }
    CHECK(states.size() == route_state_count);
    CHECK_FALSE(states.contains("unknown"));
    CHECK(to_string(Stage::decode) == "decode");
    CHECK(to_string(Stage::encode) == "encode");
    CHECK(to_string(Stage::write) == "write");
}

TEST_CASE("a failure reads with its status first") {
    CHECK(describe({.status = "429", .message = "slow down"}) == "429: slow down");
    CHECK(describe({.message = "timed out"}) == "timed out");
}
