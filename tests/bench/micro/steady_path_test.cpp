// The steady path asks for no memory: whatever a record needs on its way was there before it came.
#include "allocations.hpp"
#include "whole_path.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <memory>

namespace headrace::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t partitions = 4;
/// For a partition in a commit: the map of settled records, and its copies.
constexpr std::uint64_t commit_allocations_max = 8;
/// Warm-up: buffers have grown, tables have their size.
constexpr std::uint64_t warm_up = 15'000;
constexpr std::uint64_t steady = 4'000;
/// What the table of keys may ask for in that time: it is laid out anew now and then, as entries
/// come and go.
constexpr std::uint64_t table_layouts_max = 4;

/// Runs the path and counts; when there is anything to count, once more with a
/// trace.
std::uint64_t allocations_of(WholePath& path) {
    auto const before = allocations();
    path.run(steady);
    auto const count = allocations() - before;
    if (count <= table_layouts_max) return count;
    trace_next(3);
    path.run(steady);
    trace_next(0);
    return count;
}

TEST_CASE("the count sees an allocation") {
    auto const before = allocations();
    auto const number = std::make_unique<int>(7);
    CHECK(allocations() == before + 1);
    CHECK(*number == 7);
}

TEST_CASE("a record passes from the source to its settlement without an allocation") {
    auto const destination = GENERATE(Destination::tecton, Destination::milvus);
    auto const order = GENERATE(flow::Order::none, flow::Order::key, flow::Order::partition);
    CAPTURE(destination == Destination::milvus, static_cast<int>(order));
    // Commits are counted apart.
    WholePath path(
        {.destination = destination, .order = order, .commit_interval = 1h, .record_bytes = 200});
    path.run(warm_up);

    CHECK(allocations_of(path) <= (order == flow::Order::key ? table_layouts_max : 0));

    CHECK(path.trouble() == "");
    CHECK(path.written() >= warm_up + steady);
}

TEST_CASE("a commit asks for memory a few times, however many records it covers") {
    auto const order = GENERATE(flow::Order::none, flow::Order::partition);
    WholePath path({.order = order});
    path.run(warm_up);
    auto const before = allocations();
    auto const commits = path.commits();

    path.run(10 * steady);

    CHECK(path.committed_records() > warm_up);
    auto const made = path.commits() - commits;
    REQUIRE(made > 3);
    CHECK(allocations() - before <= made * partitions * commit_allocations_max);
}

}  // namespace
}  // namespace headrace::bench
