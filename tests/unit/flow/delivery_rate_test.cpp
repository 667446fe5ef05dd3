// What delivery makes of the operator's rate limit.
#include "delivery_world.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using namespace headrace::flow_test;
using flow::Fate;
using flow::RouteState;

namespace {

flow::GateSettings limited(flow::RateSettings rate) {
    auto settings = DeliveryWorld::plain_gate();
    settings.concurrency_max = 64;
    settings.rate = rate;
    return settings;
}

void give(DeliveryWorld& world, int count) {
    for (int i = 0; i < count; ++i) {
        world.give(world.clicks, "key" + std::to_string(world.sequence), "value");
    }
}

/// Goes on to the next moment at which something may be done.
void wait(DeliveryWorld& world) {
    auto const wake = world.delivery->next_wake(world.clock.now());
    REQUIRE(wake);
    REQUIRE(*wake > world.clock.now());
    world.clock.advance(*wake - world.clock.now());
}

}  // namespace

TEST_CASE("requests go at the rate that the operator set, and the route is flowing") {
    DeliveryWorld world(limited({.requests_per_sec = 10}));
    give(world, 300);
    int sent = 0;
    auto const end = world.clock.now() + 2s;
    while (world.clock.now() < end) {
        if (auto const attempt = world.next()) {
            ++sent;
            world.finish(*attempt, DeliveryWorld::delivered());
        } else {
            wait(world);
        }
        CHECK(world.gate.state(world.clock.now()).state == RouteState::flowing);
    }
    CHECK(sent >= 20);
    CHECK(sent <= 22);
    CHECK(world.gate.rate().limited_seconds(world.clock.now())[0] > 1.8);
}

TEST_CASE("while the limit holds, batches fill instead of growing in number") {
    DeliveryWorld world(limited({.requests_per_sec = 1}));
    give(world, 1);
    world.clock.advance(100ms);
    auto const first = world.next();
    REQUIRE(first);
    CHECK(first->records.size() == 1);
    for (int i = 0; i < 7; ++i) {
        give(world, 1);
        // Each is older than linger long before it may go.
        world.clock.advance(60ms);
        CHECK_FALSE(world.next());
    }
    wait(world);
    auto const second = world.next();
    REQUIRE(second);
    CHECK(second->records.size() == 7);
}

TEST_CASE("records and bytes are counted as they are sent, retries too") {
    DeliveryWorld world(limited({.records_per_sec = 10}));
    give(world, 10);
    auto const first = world.next();
    REQUIRE(first);
    world.finish(*first, DeliveryWorld::failed());
    world.clock.advance(890ms);
    CHECK_FALSE(world.next());
    wait(world);
    auto const again = world.next();
    REQUIRE(again);
    CHECK(again->records.size() == 10);
    world.finish(*again, DeliveryWorld::delivered());

    DeliveryWorld bytes(limited({.bytes_per_sec = 100}));
    give(bytes, 20);
    auto const body = bytes.next();
    REQUIRE(body);
    CHECK_FALSE(bytes.next());
    wait(bytes);
    CHECK(bytes.next());
}

TEST_CASE(
    "a request far above the limit goes, and the probe of a broken destination waits its turn") {
    DeliveryWorld world(limited({.records_per_sec = 1}));
    give(world, 10);
    auto attempt = world.next();
    REQUIRE(attempt);
    world.finish(*attempt, DeliveryWorld::failed());
    auto const due = world.clock.now() + 9s;
    Random random(1);
    for (int i = 0; i < 4; ++i) {
        auto const request = world.gate.begin_request(world.clock.now(), true);
        world.gate.on_failure({.now = world.clock.now(), .request = request}, std::nullopt, "500",
                              random);
    }
    REQUIRE(world.gate.is_closed());
    while (world.clock.now() < due) {
        CHECK_FALSE(world.next());
        wait(world);
    }
    while (!(attempt = world.next())) {
        wait(world);
        REQUIRE(world.clock.now() < due + 3s);
    }
    CHECK(attempt->is_probe);
}

TEST_CASE("a drain does not wait for the limit") {
    DeliveryWorld world(limited({.requests_per_sec = 1}));
    give(world, 30);
    auto const attempt = world.next();
    REQUIRE(attempt);
    CHECK_FALSE(world.next());
    world.order(flow::LaneMessage::Kind::drain);
    CHECK(world.fates()[Fate::drained] == 20);
    world.finish(*attempt, DeliveryWorld::delivered());
    CHECK(world.fates()[Fate::written] == 10);
    CHECK(world.delivery->is_idle());
    CHECK_FALSE(world.delivery->next_wake(world.clock.now()));
}
