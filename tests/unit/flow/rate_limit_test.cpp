#include "flow/rate_limit.hpp"

#include "fakes/manual_clock.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <array>

using namespace headrace;
using namespace std::chrono_literals;
using Catch::Approx;
using flow::RateLimit;
using flow::RateLimitKind;

namespace {

double waited(RateLimit const& limit, RateLimitKind kind, TimePoint now) {
    return limit.limited_seconds(now)[static_cast<std::size_t>(kind)];
}

}  // namespace

TEST_CASE("the narrowest of the limits holds, and the time waited is counted as its") {
    fakes::ManualClock clock;
    RateLimit limit({.requests_per_sec = 1000, .records_per_sec = 100, .bytes_per_sec = 1 << 20});
    std::uint64_t records = 0;
    auto const end = clock.now() + 10s;
    while (clock.now() < end) {
        if (limit.may_send(0, true, clock.now())) {
            limit.on_sent(0, 10, 500);
            records += 10;
        } else {
            clock.advance(limit.next(0, clock.now()) - clock.now());
        }
    }
    CHECK(records >= 1000);
    CHECK(records <= 1021);
    CHECK(waited(limit, RateLimitKind::records, clock.now()) == Approx(10).margin(0.3));
    CHECK(waited(limit, RateLimitKind::requests, clock.now()) == 0);
    CHECK(waited(limit, RateLimitKind::bytes, clock.now()) == 0);
}

TEST_CASE("who has nothing to send does not wait, and who is gone waits no longer") {
    fakes::ManualClock clock;
    RateLimit limit({.requests_per_sec = 1, .records_per_sec = 0, .bytes_per_sec = 0});
    REQUIRE(limit.may_send(0, true, clock.now()));
    limit.on_sent(0, 1, 1);
    CHECK_FALSE(limit.may_send(0, false, clock.now()));
    clock.advance(300ms);
    CHECK(waited(limit, RateLimitKind::requests, clock.now()) == 0);
    CHECK_FALSE(limit.may_send(0, true, clock.now()));
    clock.advance(1h);
    auto const until_token = waited(limit, RateLimitKind::requests, clock.now());
    CHECK(until_token < 1);
    CHECK(limit.may_send(0, true, clock.now()));
    CHECK(waited(limit, RateLimitKind::requests, clock.now()) == Approx(until_token));
}

TEST_CASE("lanes that wait for one limit take turns, though the first always asks first") {
    fakes::ManualClock clock;
    RateLimit limit({.requests_per_sec = 100, .records_per_sec = 0, .bytes_per_sec = 0});
    std::array<int, 3> sent{};
    auto const end = clock.now() + 10s;
    while (clock.now() < end) {
        for (std::uint32_t lane = 0; lane < sent.size(); ++lane) {
            while (limit.may_send(lane, true, clock.now())) {
                limit.on_sent(lane, 1, 1);
                ++sent[lane];
            }
        }
        clock.advance(1ms);
    }
    CHECK(sent[0] + sent[1] + sent[2] >= 1000);
    CHECK(sent[0] + sent[1] + sent[2] <= 1012);
    for (auto const count : sent) {
        CHECK(count > 250);
    }
}

TEST_CASE("a lane that waited and went away costs the others nothing to speak of") {
    fakes::ManualClock clock;
    RateLimit limit({.requests_per_sec = 100, .records_per_sec = 0, .bytes_per_sec = 0});
    while (limit.may_send(0, true, clock.now())) {
        limit.on_sent(0, 1, 1);
    }
    CHECK_FALSE(limit.may_send(1, true, clock.now()));
    int sent = 0;
    auto const end = clock.now() + 1s;
    while (clock.now() < end) {
        if (limit.may_send(0, true, clock.now())) {
            limit.on_sent(0, 1, 1);
            ++sent;
        }
        clock.advance(1ms);
    }
    CHECK(sent >= 99);
}

TEST_CASE("without a limit everything may be sent") {
    fakes::ManualClock const clock;
    RateLimit limit({});
    CHECK_FALSE(limit.is_on());
    for (int i = 0; i < 1000; ++i) {
        REQUIRE(limit.may_send(0, true, clock.now()));
        limit.on_sent(0, 1000, 1 << 20);
    }
    CHECK(limit.next(0, clock.now()) == clock.now());
}
