#include "flow/token_bucket.hpp"

#include "fakes/manual_clock.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <random>

using namespace headrace;
using namespace std::chrono_literals;
using flow::TokenBucket;

namespace {

/// A bucket that is filled once a microsecond, in the plainest way.
struct NaiveBucket {
    std::int64_t rate;
    std::int64_t burst;
    std::int64_t tokens;

    void pass(std::int64_t microseconds) {
        for (; microseconds > 0 && tokens < burst; --microseconds) {
            tokens = std::min(tokens + rate, burst);
        }
    }
};

}  // namespace

TEST_CASE("a bucket holds what one that is filled every microsecond holds, and says when to ask") {
    std::mt19937_64 random(7);
    for (std::uint64_t const rate : {1U, 3U, 999U, 100'000U, 1'000'000U}) {
        fakes::ManualClock clock;
        TokenBucket bucket(rate);
        NaiveBucket naive{static_cast<std::int64_t>(rate), bucket.burst(), bucket.burst()};
        CHECK(bucket.has_token(clock.now()));
        for (int step = 0; step < 1000; ++step) {
            auto const elapsed = static_cast<std::int64_t>(random() % 3000);
            clock.advance(std::chrono::microseconds(elapsed));
            naive.pass(elapsed);
            bool const has = bucket.has_token(clock.now());
            REQUIRE(has == (naive.tokens >= TokenBucket::token));
            if (has) {
                auto const taken = 1 + random() % (rate / 100 + 3);
                bucket.take(taken);
                naive.tokens -= static_cast<std::int64_t>(taken) * TokenBucket::token;
                continue;
            }
            auto const wait = bucket.next(clock.now()) - clock.now();
            auto const missing = TokenBucket::token - naive.tokens;
            REQUIRE(wait == std::chrono::microseconds((missing + naive.rate - 1) / naive.rate));
        }
    }
}

TEST_CASE("over an hour a bucket gives its rate to the token, whatever is taken at once") {
    for (std::uint64_t const at_once : {1U, 7U, 1000U}) {
        fakes::ManualClock clock;
        TokenBucket bucket(777);
        std::uint64_t taken = 0;
        auto const end = clock.now() + 1h;
        while (clock.now() < end) {
            if (bucket.has_token(clock.now())) {
                bucket.take(at_once);
                taken += at_once;
            } else {
                clock.advance(bucket.next(clock.now()) - clock.now());
            }
        }
        CHECK(taken >= 777 * 3600);
        CHECK(taken <= 777 * 3600 + 77 + 1 + at_once);
    }
}

TEST_CASE("a batch larger than the bucket passes, and the next one waits until it is paid") {
    fakes::ManualClock clock;
    TokenBucket bucket(10);
    REQUIRE(bucket.has_token(clock.now()));
    bucket.take(1000);
    CHECK_FALSE(bucket.has_token(clock.now()));
    auto const wait = bucket.next(clock.now()) - clock.now();
    CHECK(wait > 99s);
    CHECK(wait < 101s);
    clock.advance(wait - 1us);
    CHECK_FALSE(bucket.has_token(clock.now()));
    clock.advance(1us);
    CHECK(bucket.has_token(clock.now()));
}

TEST_CASE(
    "a machine that slept saves up a tenth of a second's worth, and a clock may stand still") {
    fakes::ManualClock clock;
    TokenBucket bucket(TokenBucket::rate_max);
    for (Duration const slept : {Duration(1h), Duration(24h * 3650), Duration(0)}) {
        clock.advance(slept);
        REQUIRE(bucket.has_token(clock.now()));
        bucket.take(TokenBucket::rate_max / 10 + 1);
        CHECK_FALSE(bucket.has_token(clock.now()));
        clock.advance(-1s);
        CHECK_FALSE(bucket.has_token(clock.now()));
        clock.advance(1s + 200ms);
    }
}

TEST_CASE("no debt is too large to be counted") {
    fakes::ManualClock clock;
    TokenBucket bucket(1);
    for (int i = 0; i < 100; ++i) {
        bucket.take(UINT64_MAX);
    }
    CHECK_FALSE(bucket.has_token(clock.now()));
    CHECK(bucket.next(clock.now()) == clock.now() + 1h);
}

TEST_CASE("a bucket without a rate limits nothing") {
    fakes::ManualClock const clock;
    TokenBucket bucket(0);
    bucket.take(1'000'000);
    CHECK(bucket.has_token(clock.now()));
    CHECK(bucket.next(clock.now()) == clock.now());
}
