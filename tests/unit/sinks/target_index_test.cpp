#include "sinks/target_index.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::sinks {
namespace {

TEST_CASE("each name gets the next number once") {
    TargetIndex index;
    CHECK(index.find_or_add("a")->id == 0);
    CHECK(index.find_or_add("b")->id == 1);
    CHECK_FALSE(index.find_or_add("a")->is_new);
    CHECK(index.find_or_add("a")->id == 0);
    CHECK(index.find_or_add("")->is_new);
}

TEST_CASE("a full index still finds what it has") {
    TargetIndex index;
    for (std::size_t i = 0; i < targets_max; ++i) {
        REQUIRE(index.find_or_add(std::to_string(i))->is_new);
    }
    CHECK_FALSE(index.find_or_add("one more"));
    CHECK(index.find_or_add("9999")->id == 9999);
}

}  // namespace
}  // namespace headrace::sinks
