#include "base/clock.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace {
namespace {

TEST_CASE("the monotonic clock never goes back") {
    SystemClock const clock;
    TimePoint last = clock.now();
    for (int i = 0; i < 1000; ++i) {
        TimePoint const now = clock.now();
        CHECK(now >= last);
        last = now;
    }
}

TEST_CASE("the wall clock counts milliseconds since 1970") {
    SystemClock const clock;
    CHECK(epoch_ms(clock.wall()) > 1'700'000'000'000);
    CHECK(epoch_ms(WallTime{}) == 0);
    CHECK(epoch_ms(WallTime{std::chrono::seconds(2)}) == 2000);
}

TEST_CASE("two entropy seeds differ") {
    CHECK(entropy_seed() != entropy_seed());
}

}  // namespace
}  // namespace headrace
