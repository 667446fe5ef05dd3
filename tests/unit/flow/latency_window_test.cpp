#include "flow/latency_window.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <vector>

using namespace headrace;
using namespace std::chrono_literals;
using Catch::Approx;
using flow::LatencyWindow;

namespace {

constexpr TimePoint start{1h};

}  // namespace

TEST_CASE(
    "a window is ripe when nearly all of its requests have ended, not when the quick ones have") {
    LatencyWindow window;
    window.open({.skip = 0, .size = 32, .size_min = 6, .close_at = start + 1s});
    std::vector<std::uint32_t> numbers;
    for (int i = 0; i < 40; ++i) {
        numbers.push_back(window.begin(start));
    }
    for (int i = 0; i < 40; ++i) {
        CHECK((numbers[static_cast<std::size_t>(i)] != 0) == (i < 32));
    }
    for (int i = 0; i < 29; ++i) {
        window.add(numbers[0], 10ms, true);
    }
    CHECK_FALSE(window.is_ripe(start + 5s));
    window.add(numbers[0], 70ms, true);
    CHECK(window.is_ripe(start));
    auto const result = window.result();
    CHECK(result.answered == 30);
    CHECK(result.mean_secs == Approx(0.012));
    CHECK(result.spread == Approx(0.898).margin(0.01));
    CHECK(result.is_felt);
}

TEST_CASE("a window with few requests closes when its time is over, but not with too few") {
    LatencyWindow window;
    window.open({.skip = 0, .size = 1000, .size_min = 6, .close_at = start + 1s});
    for (int i = 0; i < 5; ++i) {
        window.add(window.begin(start), 1ms, false);
    }
    CHECK_FALSE(window.is_ripe(start + 2s));
    window.add(window.begin(start + 3s), 1ms, false);
    CHECK(window.is_ripe(start + 3s));
    CHECK(window.begin(start + 3s) == 0);
    CHECK_FALSE(window.result().is_felt);
}

TEST_CASE("the first requests after a raise, and those of another window, do not count") {
    LatencyWindow window;
    window.open({.skip = 0, .size = 100, .size_min = 1, .close_at = start + 1s});
    auto const old = window.begin(start);
    window.open({.skip = 3, .size = 100, .size_min = 1, .close_at = start + 1s});
    for (int i = 0; i < 3; ++i) {
        CHECK(window.begin(start) == 0);
    }
    auto const number = window.begin(start);
    CHECK(number != 0);
    CHECK(number != old);
    window.add(old, 1s, true);
    window.add(0, 1s, true);
    window.add(number, 5ms, true);
    CHECK(window.result().answered == 1);
    CHECK(window.result().mean_secs == Approx(0.005));
}

TEST_CASE("a request that failed has ended, and its time says nothing") {
    LatencyWindow window;
    window.open({.skip = 0, .size = 2, .size_min = 1, .close_at = start + 1s});
    auto const first = window.begin(start);
    auto const second = window.begin(start);
    window.add(first, std::nullopt, true);
    CHECK_FALSE(window.is_ripe(start));
    window.add(second, std::nullopt, true);
    CHECK(window.is_ripe(start));
    CHECK(window.result().answered == 0);
}
