#include "delivery_world.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using namespace headrace::flow_test;
using flow::BlockScope;
using flow::Fate;
using Kind = flow::LaneMessage::Kind;

TEST_CASE("draining gives back everything that was never sent and waits for what was") {
    DeliveryWorld world;
    for (int i = 0; i < 12; ++i) {
        world.give(world.clicks, "k" + std::to_string(i), "v");
    }
    world.give(world.clicks, "k0", "waits behind k0");
    auto const attempt = world.next();
    REQUIRE(attempt);
    world.order(Kind::drain);
    CHECK(world.fates() == std::map<Fate, int>{{Fate::drained, 3}});
    world.clock.advance(1s);
    CHECK_FALSE(world.next());
    CHECK_FALSE(world.delivery->is_idle());
    world.give(world.clicks, "late", "v");
    world.finish(*attempt, DeliveryWorld::delivered());
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 10}, {Fate::drained, 1}});
    CHECK(world.delivery->is_idle());
    CHECK_FALSE(world.delivery->next_wake(world.clock.now()));
}

TEST_CASE(
    "after a drain that was not the last, records are sent again but for late ones of before") {
    DeliveryWorld world;
    world.give(world.clicks, "old", "v");
    world.clock.advance(50ms);
    auto const late = world.next();
    REQUIRE(late);
    world.order(Kind::drain);
    world.give(world.clicks, "meanwhile", "v");
    world.order(Kind::revoke);
    world.order(Kind::resume);
    world.give(world.clicks, "new", "v", 1);
    world.finish(*late, DeliveryWorld::failed());
    world.clock.advance(50ms);
    auto const attempt = world.next();
    REQUIRE(attempt);
    CHECK(attempt->records.size() == 1);
    world.finish(*attempt, DeliveryWorld::delivered());
    CHECK(world.fates() ==
          std::map<Fate, int>{{Fate::written, 1}, {Fate::drained, 1}, {Fate::revoked, 1}});
    CHECK(world.delivery->is_idle());
}

TEST_CASE("while draining a failed request's records are given back, not retried") {
    for (auto const& judgement : {DeliveryWorld::failed(), DeliveryWorld::refused(),
                                  DeliveryWorld::blocked(BlockScope::target),
                                  DeliveryWorld::blocked(BlockScope::destination)}) {
        DeliveryWorld world;
        for (int i = 0; i < 10; ++i) {
            world.give(world.clicks, "k" + std::to_string(i), "v");
        }
        auto const attempt = world.next();
        REQUIRE(attempt);
        world.order(Kind::drain);
        world.finish(*attempt, judgement);
        CHECK(world.fates() == std::map<Fate, int>{{Fate::drained, 10}});
        CHECK(world.delivery->is_idle());
        CHECK(world.gate.permits_taken() == 0);
    }
}

TEST_CASE("a batch that waits for its retry is given back") {
    DeliveryWorld world;
    world.give(world.clicks, "a", "v");
    world.clock.advance(50ms);
    auto const attempt = world.next();
    REQUIRE(attempt);
    world.finish(*attempt, DeliveryWorld::failed());
    world.order(Kind::drain);
    CHECK(world.fates() == std::map<Fate, int>{{Fate::drained, 1}});
    CHECK(world.gate.permits_taken() == 0);
    CHECK(world.delivery->is_idle());
}

TEST_CASE("only the records of a revoked partition are given back, wherever they wait") {
    DeliveryWorld world;
    world.sink.unready = {"views"};
    world.give(world.clicks, "a", "1", 0);
    world.give(world.clicks, "b", "2", 1);
    world.clock.advance(50ms);
    auto const attempt = world.next();  // The views target is not wanted yet.
    REQUIRE(attempt);
    world.finish(*attempt, DeliveryWorld::failed());  // Both in one batch, waiting for a retry.
    world.give(world.clicks, "a", "3", 0);            // Behind a.
    world.give(world.views, "c", "4", 0);             // Behind its target.
    world.give(world.views, "d", "5", 1);
    world.order(Kind::revoke, 0, 1);
    CHECK(world.fates() == std::map<Fate, int>{{Fate::revoked, 3}});
    world.sink.unready.clear();
    world.clock.advance(1s);
    std::vector<std::string> seen;
    for (int i = 0; i < 5; ++i) {
        while (auto const next = world.next()) {
            for (auto const& value : DeliveryWorld::values(*next)) {
                seen.push_back(value);
            }
            world.finish(*next, DeliveryWorld::delivered());
        }
        world.clock.advance(1s);
    }
    std::sort(seen.begin(), seen.end());
    CHECK(seen == std::vector<std::string>{"2", "5"});
    CHECK(world.delivery->is_idle());
}

TEST_CASE(
    "a revoked record in flight is given back if its request fails, and written if it succeeds") {
    for (bool const succeeds : {true, false}) {
        DeliveryWorld world;
        world.give(world.clicks, "a", "1", 0);
        world.give(world.clicks, "b", "2", 1);
        world.clock.advance(50ms);
        auto const attempt = world.next();
        REQUIRE(attempt);
        world.order(Kind::revoke, 0, 1);
        CHECK(world.fates().empty());
        world.finish(*attempt, succeeds ? DeliveryWorld::delivered() : DeliveryWorld::failed());
        if (succeeds) {
            CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 2}});
        } else {
            CHECK(world.fates() == std::map<Fate, int>{{Fate::revoked, 1}});
            world.clock.advance(1s);
            CHECK(world.next());
        }
    }
}

TEST_CASE("a partition that comes back with a new epoch is wanted again") {
    DeliveryWorld world;
    world.give(world.clicks, "a", "1", 0, 1);
    world.order(Kind::revoke, 0, 1);
    world.give(world.clicks, "a", "old", 0, 1);
    world.give(world.clicks, "a", "new", 0, 2);
    CHECK(world.fates() == std::map<Fate, int>{{Fate::revoked, 2}});
    world.clock.advance(50ms);
    auto const attempt = world.next();
    REQUIRE(attempt);
    CHECK(DeliveryWorld::values(*attempt) == std::vector<std::string>{"new"});
}

TEST_CASE("records of a missing target are given back, and the alarm ends with the last of them") {
    DeliveryWorld world;
    world.give(world.views, "a", "1", 0);
    world.clock.advance(50ms);
    auto const attempt = world.next();
    REQUIRE(attempt);
    world.finish(*attempt, DeliveryWorld::blocked(BlockScope::target));
    world.give(world.views, "b", "2", 0);
    world.order(Kind::revoke, 0, 1);
    CHECK(world.fates() == std::map<Fate, int>{{Fate::revoked, 2}});
    CHECK(world.gate.state(world.clock.now()).state == flow::RouteState::flowing);
    CHECK(world.stats.blocked_bytes.load() == 0);
}

TEST_CASE("a probe of a missing target whose records were revoked ends the alarm") {
    DeliveryWorld world;
    world.give(world.views, "a", "1", 0);
    world.clock.advance(50ms);
    auto attempt = world.next();
    REQUIRE(attempt);
    world.finish(*attempt, DeliveryWorld::blocked(BlockScope::target));
    world.clock.advance(7s);
    attempt = world.next();
    REQUIRE(attempt);
    world.order(Kind::revoke, 0, 1);
    world.finish(*attempt, DeliveryWorld::blocked(BlockScope::target));
    CHECK(world.fates() == std::map<Fate, int>{{Fate::revoked, 1}});
    CHECK(world.gate.state(world.clock.now()).state == flow::RouteState::flowing);
    CHECK(world.delivery->is_idle());
}

TEST_CASE("what a revocation leaves of a refused request is sent again, and not buried for it") {
    DeliveryWorld world;
    world.give(world.clicks, "a", "row", 0);
    world.give(world.views, "b", "good", 1);
    world.clock.advance(50ms);
    auto const both = world.next();
    REQUIRE(both);
    world.order(Kind::revoke, 0);
    world.finish(*both, DeliveryWorld::refused());
    CHECK(world.fates() == std::map<Fate, int>{{Fate::revoked, 1}});
    auto const again = world.next();
    REQUIRE(again);
    CHECK(DeliveryWorld::values(*again) == std::vector<std::string>{"good"});
    world.finish(*again, DeliveryWorld::delivered());
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}});
}

TEST_CASE("halves that wait for their turn are given back when their partition is revoked") {
    DeliveryWorld world;
    world.give(world.clicks, "a", "first");
    world.give(world.clicks, "b", "second");
    world.clock.advance(50ms);
    world.finish(*world.next(), DeliveryWorld::refused());
    auto const first = world.next();
    REQUIRE(first);
    world.order(Kind::revoke);
    world.finish(*first, DeliveryWorld::delivered());
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}, {Fate::revoked, 1}});
    CHECK_FALSE(world.next());
    CHECK(world.delivery->is_idle());
}

TEST_CASE(
    "what waits unsent for a missing target is sent when the records of its probe are revoked") {
    DeliveryWorld world;
    world.give(world.clicks, "a", "probe", 0);
    world.clock.advance(50ms);
    world.finish(*world.next(), DeliveryWorld::blocked(BlockScope::target));
    world.give(world.clicks, "b", "unsent", 1);
    world.order(Kind::revoke, 0);
    CHECK(world.fates() == std::map<Fate, int>{{Fate::revoked, 1}});
    world.clock.advance(50ms);
    auto const attempt = world.next();
    REQUIRE(attempt);
    CHECK(DeliveryWorld::values(*attempt) == std::vector<std::string>{"unsent"});
}
