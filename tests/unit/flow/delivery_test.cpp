#include "flow/delivery.hpp"

#include "delivery_world.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using namespace headrace::flow_test;
using flow::Fate;

TEST_CASE("a full batch is sent at once, a short one after its linger") {
    DeliveryWorld world;
    for (int i = 0; i < 12; ++i) {
        world.give(world.clicks, "k" + std::to_string(i), "v" + std::to_string(i));
    }
    auto const first = world.next();
    REQUIRE(first);
    CHECK(first->effective.size() == 10);
    CHECK_FALSE(world.next());
    CHECK(world.delivery->next_wake(world.clock.now()) == world.clock.now() + 50ms);
    world.clock.advance(50ms);
    auto const second = world.next();
    REQUIRE(second);
    CHECK(second->effective.size() == 2);
    world.finish(*first, DeliveryWorld::delivered());
    world.finish(*second, DeliveryWorld::delivered());
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 12}});
    CHECK(world.delivery->is_idle());
    CHECK_FALSE(world.delivery->next_wake(world.clock.now()));
    CHECK(world.stats.write_requests.value() == 2);
    CHECK(world.gate.permits_taken() == 0);
}

TEST_CASE("no more requests are in flight than there are permits") {
    DeliveryWorld world;
    world.settings.order = flow::Order::none;
    for (int i = 0; i < 100; ++i) {
        world.give(world.clicks, "", "v");
    }
    std::vector<flow::Attempt> attempts;
    while (auto attempt = world.next()) {
        attempts.push_back(*attempt);
    }
    CHECK(attempts.size() == 4);
    world.finish(attempts[1], DeliveryWorld::delivered());
    CHECK(world.next());
    CHECK_FALSE(world.next());
}

TEST_CASE("records of one key are never in two requests at once, and keep their order") {
    DeliveryWorld world;
    for (int i = 0; i < 25; ++i) {
        world.give(world.clicks, "hot", std::to_string(i));
    }
    std::vector<std::string> seen;
    for (int round = 0; round < 3; ++round) {
        world.clock.advance(50ms);
        auto const attempt = world.next();
        REQUIRE(attempt);
        CHECK_FALSE(world.next());
        for (auto const& value : DeliveryWorld::values(*attempt)) {
            seen.push_back(value);
        }
        world.finish(*attempt, DeliveryWorld::delivered());
    }
    REQUIRE(seen.size() == 25);
    for (int i = 0; i < 25; ++i) {
        CHECK(seen[static_cast<std::size_t>(i)] == std::to_string(i));
    }
    CHECK(world.delivery->is_idle());
}

TEST_CASE("with order partition a partition is in one request at a time") {
    DeliveryWorld world;
    world.settings.order = flow::Order::partition;
    for (int i = 0; i < 20; ++i) {
        world.give(world.clicks, "k" + std::to_string(i), "v");
    }
    auto const first = world.next();
    REQUIRE(first);
    CHECK_FALSE(world.next());
    world.finish(*first, DeliveryWorld::delivered());
    CHECK(world.next());
}

TEST_CASE("a retried key holds back its later records, and only its own") {
    DeliveryWorld world;
    world.give(world.clicks, "a", "a1");
    world.clock.advance(50ms);
    auto const first = world.next();
    REQUIRE(first);
    world.give(world.clicks, "a", "a2");
    world.give(world.clicks, "b", "b1");
    world.finish(*first, DeliveryWorld::failed());
    world.clock.advance(50ms);
    auto second = world.next();
    REQUIRE(second);
    std::vector<std::string> sent = DeliveryWorld::values(*second);
    world.finish(*second, DeliveryWorld::delivered());
    world.clock.advance(30s);
    while (auto attempt = world.next()) {
        for (auto const& value : DeliveryWorld::values(*attempt)) {
            sent.push_back(value);
        }
        world.finish(*attempt, DeliveryWorld::delivered());
        world.clock.advance(50ms);
    }
    CHECK(sent.size() == 3);
    CHECK(std::find(sent.begin(), sent.end(), "a1") < std::find(sent.begin(), sent.end(), "a2"));
}

TEST_CASE("tombstones are skipped, undecodable records are buried, and neither is sent") {
    DeliveryWorld world;
    world.give(world.clicks, "a", std::nullopt);
    world.give(world.clicks, "b", "bad");
    world.give(world.clicks, "c", "unfit");
    CHECK(world.fates() == std::map<Fate, int>{{Fate::tombstone, 1}, {Fate::buried, 2}});
    REQUIRE(world.burials.size() == 2);
    CHECK(world.burials[0]->report.refusal.stage == flow::Stage::decode);
    CHECK(world.burials[0]->report.attempts == 0);
    CHECK(world.burials[1]->report.refusal.reason == "no_key");
    world.clock.advance(1s);
    CHECK_FALSE(world.next());
}

TEST_CASE("a key's next record waits until the dead letter of the one before is acknowledged") {
    DeliveryWorld world;
    world.give(world.clicks, "a", "bad");
    world.give(world.clicks, "a", "good");
    world.clock.advance(50ms);
    CHECK_FALSE(world.next());
    std::ignore = world.fates();
    world.acknowledge_burial(world.burials.at(0)->record.order_hash);
    world.clock.advance(50ms);
    auto const attempt = world.next();
    REQUIRE(attempt);
    CHECK(DeliveryWorld::values(*attempt) == std::vector<std::string>{"good"});
}

TEST_CASE("records wait until their target is prepared, in order") {
    DeliveryWorld world;
    world.sink.unready = {"clicks"};
    world.give(world.clicks, "a", "1");
    world.give(world.clicks, "b", "2");
    world.clock.advance(50ms);
    auto const prepare = world.next();
    REQUIRE(prepare);
    CHECK(prepare->batch == nullptr);
    CHECK_FALSE(world.next());
    world.finish(*prepare, DeliveryWorld::failed(flow::FailureReason::connection));
    CHECK_FALSE(world.next());
    world.clock.advance(1s);
    auto const again = world.next();
    REQUIRE(again);
    CHECK(again->batch == nullptr);
    world.sink.unready.clear();
    world.finish(*again, DeliveryWorld::delivered());
    world.clock.advance(50ms);
    auto const attempt = world.next();
    REQUIRE(attempt);
    CHECK(DeliveryWorld::values(*attempt) == std::vector<std::string>{"1", "2"});
    CHECK(world.stats.check_requests.value() == 2);
}

TEST_CASE("a target that is missing when it is prepared holds back no other") {
    DeliveryWorld world;
    world.sink.unready = {"clicks"};
    world.give(world.clicks, "a", "1");
    auto const prepare = world.next();
    REQUIRE(prepare);
    world.finish(*prepare, DeliveryWorld::blocked(flow::BlockScope::target));
    CHECK(world.gate.state(world.clock.now()).state == flow::RouteState::blocked);
    world.give(world.views, "b", "2");
    world.clock.advance(50ms);
    auto const attempt = world.next();
    REQUIRE(attempt);
    CHECK(DeliveryWorld::values(*attempt) == std::vector<std::string>{"2"});
    world.finish(*attempt, DeliveryWorld::delivered());
    world.clock.advance(5s);
    auto const again = world.next();
    REQUIRE(again);
    world.sink.unready.clear();
    world.finish(*again, DeliveryWorld::delivered());
    CHECK(world.gate.state(world.clock.now()).state == flow::RouteState::flowing);
    world.clock.advance(50ms);
    CHECK(world.next());
}

TEST_CASE("a missing target for which nothing waits any more is no alarm") {
    DeliveryWorld world;
    world.sink.unready = {"clicks"};
    world.give(world.clicks, "a", "1");
    auto const prepare = world.next();
    REQUIRE(prepare);
    world.finish(*prepare, DeliveryWorld::blocked(flow::BlockScope::target));
    world.order(flow::LaneMessage::Kind::revoke);
    CHECK(world.gate.state(world.clock.now()).state == flow::RouteState::flowing);
    world.clock.advance(60s);
    CHECK_FALSE(world.next());
    CHECK(world.delivery->is_idle());
}

TEST_CASE("a batch whose target must be learned anew waits for it") {
    DeliveryWorld world;
    world.give(world.clicks, "a", "1");
    world.clock.advance(50ms);
    auto const first = world.next();
    REQUIRE(first);
    world.sink.unready = {"clicks"};
    world.finish(*first, DeliveryWorld::failed());
    world.clock.advance(1s);
    auto const prepare = world.next();
    REQUIRE(prepare);
    CHECK(prepare->batch == nullptr);
    world.sink.unready.clear();
    world.finish(*prepare, DeliveryWorld::delivered());
    auto const again = world.next();
    REQUIRE(again);
    CHECK(DeliveryWorld::values(*again) == std::vector<std::string>{"1"});
}

TEST_CASE("a record that waits for a second no longer pins Kafka's buffer") {
    DeliveryWorld world;
    world.give(world.clicks, "a", "1");
    world.clock.advance(50ms);
    auto const attempt = world.next();
    REQUIRE(attempt);
    world.delivery->detach_old(world.clock.now());
    CHECK_FALSE(attempt->records[0].is_detached());
    world.clock.advance(2s);
    world.delivery->detach_old(world.clock.now());
    CHECK(attempt->records[0].is_detached());
    CHECK(*attempt->records[0].value == "1");
}
