#include "ops/reasons.hpp"

#include "flow/route_snapshot.hpp"

#include <catch2/catch_test_macros.hpp>

#include <set>

namespace headrace::ops {

TEST_CASE("every failure but none and every state has a name of its own") {
    auto const failures = failure_reasons();
    auto const states = state_names();
    CHECK(failures.size() == flow::failure_reason_count - 1);
    CHECK(states.size() == flow::route_state_count);
    for (auto const& names : {failures, states}) {
        std::set<std::string_view> const different(names.begin(), names.end());
        CHECK(different.size() == names.size());
        CHECK_FALSE(different.contains("none"));
        CHECK_FALSE(different.contains("unknown"));
    }
}

}  // namespace headrace::ops
