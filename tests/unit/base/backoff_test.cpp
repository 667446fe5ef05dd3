#include "base/backoff.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace {
namespace {

using std::chrono::milliseconds;

Duration longest(Backoff const& backoff, unsigned retries_before) {
    Random random(7);
    Duration longest{};
    for (int i = 0; i < 2000; ++i) {
        longest = std::max(longest, backoff.wait(retries_before, random));
    }
    return longest;
}

TEST_CASE("the bound of a wait doubles with each retry and stops at the maximum") {
    Backoff const backoff{.initial = milliseconds(200), .max = milliseconds(1000)};
    CHECK(longest(backoff, 0) <= milliseconds(200));
    CHECK(longest(backoff, 0) > milliseconds(190));
    CHECK(longest(backoff, 1) <= milliseconds(400));
    CHECK(longest(backoff, 1) > milliseconds(380));
    CHECK(longest(backoff, 10) <= milliseconds(1000));
    CHECK(longest(backoff, 10) > milliseconds(950));
}

TEST_CASE("any number of retries before keeps the wait finite and within the maximum") {
    Random random(1);
    Backoff const backoff{.initial = milliseconds(1), .max = std::chrono::minutes(10)};
    for (unsigned const retries : {64U, 1000U, 4'000'000'000U}) {
        Duration const wait = backoff.wait(retries, random);
        CHECK(wait >= Duration::zero());
        CHECK(wait <= std::chrono::minutes(10));
    }
}

TEST_CASE("full jitter spreads waits over the whole range") {
    Random random(3);
    Backoff const backoff{.initial = milliseconds(100), .max = milliseconds(100)};
    int low = 0;
    for (int i = 0; i < 1000; ++i) {
        if (backoff.wait(0, random) < milliseconds(50)) ++low;
    }
    CHECK(low > 400);
    CHECK(low < 600);
}

TEST_CASE("spread changes a wait by at most its share") {
    Random random(5);
    for (int i = 0; i < 1000; ++i) {
        Duration const wait = spread(milliseconds(1000), 0.2, random);
        CHECK(wait >= milliseconds(800));
        CHECK(wait <= milliseconds(1200));
    }
}

}  // namespace
}  // namespace headrace
