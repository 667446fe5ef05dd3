#include "flow/retry_budget.hpp"

#include "fakes/manual_clock.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using namespace std::chrono_literals;
using flow::RetryBudget;

namespace {

/// Takes what is saved up at first.
void drain(RetryBudget& budget, TimePoint now) {
    while (budget.try_take(now)) {
    }
}

}  // namespace

TEST_CASE("retries are a share of the successes") {
    fakes::ManualClock const clock;
    RetryBudget budget(50);
    drain(budget, clock.now());
    for (int i = 0; i < 10; ++i) {
        budget.on_success();
    }
    int granted = 0;
    while (budget.try_take(clock.now())) {
        ++granted;
    }
    CHECK(granted == 5);
}

TEST_CASE("without any success a few retries a second are granted, and it says when") {
    fakes::ManualClock clock;
    RetryBudget budget(100);
    drain(budget, clock.now());
    int granted = 0;
    auto const end = clock.now() + 5s;
    while (clock.now() < end) {
        if (budget.try_take(clock.now())) {
            ++granted;
            continue;
        }
        auto const due = budget.next(clock.now());
        REQUIRE(due > clock.now());
        clock.advance(due - clock.now());
    }
    CHECK(granted >= 49);
    CHECK(granted <= 51);
}

TEST_CASE("a quiet hour saves up no more than the limit") {
    fakes::ManualClock clock;
    RetryBudget budget(100);
    drain(budget, clock.now());
    clock.advance(1h);
    for (int i = 0; i < 1000; ++i) {
        budget.on_success();
    }
    int granted = 0;
    while (budget.try_take(clock.now())) {
        ++granted;
    }
    CHECK(granted == RetryBudget::saved_max);
}
