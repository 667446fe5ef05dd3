#include "kafka/start_positions.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::kafka {
namespace {

StartPlan plan(StartKind kind, std::vector<PartitionName> const& assigned,
               std::vector<TopicCommits> const& topics, bool may_wait = true) {
    return plan_starts(
        {.kind = kind, .assigned = assigned, .topics = topics, .may_wait = may_wait});
}

TEST_CASE("a partition with a commit begins there, whatever the start is") {
    auto const starts = plan(StartKind::latest, {{"t", 1}}, {{"t", {std::nullopt, 7}}}).starts;
    REQUIRE(starts.size() == 1);
    CHECK(starts[0].begin == Begin::committed);
    CHECK(starts[0].committed == 7);
    CHECK_FALSE(starts[0].is_committed);
}

TEST_CASE("a partition that appeared later begins at the earliest record") {
    auto const starts =
        plan(StartKind::latest, {{"t", 0}, {"t", 1}}, {{"t", {5, std::nullopt}}}).starts;
    REQUIRE(starts.size() == 2);
    CHECK(starts[1].begin == Begin::earliest);
    CHECK_FALSE(starts[1].is_committed);
}

TEST_CASE(
    "the member with a fresh topic's first partition commits the start of all its partitions") {
    for (auto const& [kind, begin] :
         {std::pair{StartKind::earliest, Begin::earliest},
          std::pair{StartKind::latest, Begin::latest}, std::pair{StartKind::time, Begin::time}}) {
        auto const starts = plan(kind, {{"t", 0}}, {{"t", {std::nullopt, std::nullopt}}}).starts;
        REQUIRE(starts.size() == 2);
        CHECK(starts[0].begin == begin);
        CHECK(starts[0].is_assigned);
        CHECK(starts[1].begin == begin);
        CHECK_FALSE(starts[1].is_assigned);
        CHECK(starts[1].is_committed);
    }
}

TEST_CASE(
    "another member waits for that, and decides for its own partitions when it took too long") {
    std::vector<TopicCommits> const fresh{{"t", {std::nullopt, std::nullopt}}};
    CHECK(plan(StartKind::latest, {{"t", 1}}, fresh).must_wait);
    auto const late = plan(StartKind::latest, {{"t", 1}}, fresh, false);
    CHECK_FALSE(late.must_wait);
    REQUIRE(late.starts.size() == 1);
    CHECK(late.starts[0].name == PartitionName{"t", 1});
    CHECK(late.starts[0].is_committed);
}

TEST_CASE("topics are judged one by one") {
    auto const starts =
        plan(StartKind::latest, {{"new", 0}, {"old", 0}}, {{"new", {std::nullopt}}, {"old", {3}}})
            .starts;
    REQUIRE(starts.size() == 2);
    CHECK(starts[0].begin == Begin::latest);
    CHECK(starts[1].begin == Begin::committed);
}

}  // namespace
}  // namespace headrace::kafka
