#include "delivery_world.hpp"

#include <catch2/catch_test_macros.hpp>

#include <set>

using namespace headrace;
using namespace headrace::flow_test;
using flow::BlockScope;
using flow::Fate;

namespace {

/// Answers as a destination without the target "views" would.
flow::Judgement answer(DeliveryWorld& world, flow::Attempt const& attempt, bool has_views) {
    bool is_mixed_or_missing = false;
    for (auto const index : attempt.effective) {
        is_mixed_or_missing =
            is_mixed_or_missing || world.sink.target_name(attempt.records[index].target) == "views";
    }
    return is_mixed_or_missing && !has_views ? DeliveryWorld::blocked(BlockScope::target)
                                             : DeliveryWorld::delivered();
}

}  // namespace

TEST_CASE("of a request with several targets only the missing one is blocked, the others go on") {
    DeliveryWorld world;
    for (int i = 0; i < 5; ++i) {
        world.give(world.clicks, "c" + std::to_string(i), "c");
        world.give(world.views, "v" + std::to_string(i), "v");
    }
    world.clock.advance(50ms);
    int requests = 0;
    while (auto const attempt = world.next()) {
        ++requests;
        world.finish(*attempt, answer(world, *attempt, false));
    }
    CHECK(requests == 3);  // The mixed one, then one each.
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 5}});
    CHECK(world.gate.state(world.clock.now()).state == flow::RouteState::blocked);
    CHECK_FALSE(world.gate.is_blocked());
    CHECK(world.gate.permits_taken() == 0);

    // Later records of the missing target wait unsent, those of the other go.
    world.give(world.views, "v9", "later");
    world.give(world.clicks, "c9", "c");
    CHECK(world.stats.blocked_bytes.load() == 100);
    world.clock.advance(50ms);
    auto const attempt = world.next();
    REQUIRE(attempt);
    CHECK(DeliveryWorld::values(*attempt) == std::vector<std::string>{"c"});
    world.finish(*attempt, DeliveryWorld::delivered());
    CHECK_FALSE(world.next());

    // It is probed, and when it is there all goes on.
    world.clock.advance(7s);
    auto const probe = world.next();
    REQUIRE(probe);
    world.finish(*probe, DeliveryWorld::blocked(BlockScope::target));
    CHECK_FALSE(world.next());
    world.clock.advance(7s);
    auto const last = world.next();
    REQUIRE(last);
    world.finish(*last, DeliveryWorld::delivered());
    CHECK(world.gate.state(world.clock.now()).state == flow::RouteState::flowing);
    world.clock.advance(50ms);
    while (auto const more = world.next()) {
        world.finish(*more, DeliveryWorld::delivered());
    }
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 7}});
    CHECK(world.stats.blocked_bytes.load() == 0);
    CHECK(world.delivery->is_idle());
}

TEST_CASE("where all records go to one name, its absence blocks the destination") {
    DeliveryWorld world;
    world.sink.wanted_shape.has_one_name = true;
    world.give(world.clicks, "a", "1");
    world.clock.advance(50ms);
    auto const attempt = world.next();
    REQUIRE(attempt);
    world.finish(*attempt, DeliveryWorld::blocked(BlockScope::target));
    CHECK(world.gate.is_blocked());
}

TEST_CASE("records that wait for a missing target keep the order of their key") {
    DeliveryWorld world;
    world.give(world.views, "a", "1");
    world.clock.advance(50ms);
    auto const first = world.next();
    REQUIRE(first);
    for (int i = 2; i <= 5; ++i) {
        world.give(world.views, "a", std::to_string(i));
        world.give(world.views, "b", "b" + std::to_string(i));
    }
    world.finish(*first, DeliveryWorld::blocked(BlockScope::target));
    std::vector<std::string> seen;
    for (int i = 0; i < 20; ++i) {
        world.clock.advance(7s);
        auto const attempt = world.next();
        if (!attempt) continue;
        for (auto const& value : DeliveryWorld::values(*attempt)) {
            seen.push_back(value);
        }
        CHECK_FALSE((seen.empty()));
        world.finish(*attempt, DeliveryWorld::delivered());
    }
    std::string order_a;
    std::string order_b;
    for (auto const& value : seen) {
        (value.front() == 'b' ? order_b : order_a) += value;
    }
    CHECK(order_a == "12345");
    CHECK(order_b == "b2b3b4b5");
    CHECK(world.delivery->is_idle());
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 9}});
}

TEST_CASE("a probe of a missing target that fails for another reason leaves the target blocked") {
    DeliveryWorld world;
    world.give(world.views, "a", "1");
    world.clock.advance(50ms);
    auto attempt = world.next();
    REQUIRE(attempt);
    world.finish(*attempt, DeliveryWorld::blocked(BlockScope::target));
    world.clock.advance(7s);
    attempt = world.next();
    REQUIRE(attempt);
    world.finish(*attempt, DeliveryWorld::failed());
    CHECK(world.gate.state(world.clock.now()).state == flow::RouteState::blocked);
    world.clock.advance(7s);
    attempt = world.next();
    REQUIRE(attempt);
    world.finish(*attempt, DeliveryWorld::blocked(BlockScope::destination));
    CHECK(world.gate.is_blocked());
    world.clock.advance(7s);
    CHECK(world.fates().empty());
}

TEST_CASE("a target that exists and refuses the probe's record is no longer blocked") {
    DeliveryWorld world;
    world.give(world.views, "a", "1");
    world.give(world.views, "b", "2");
    world.clock.advance(50ms);
    auto attempt = world.next();
    REQUIRE(attempt);
    world.finish(*attempt, DeliveryWorld::blocked(BlockScope::target));
    world.clock.advance(7s);
    attempt = world.next();
    REQUIRE(attempt);
    world.finish(*attempt, DeliveryWorld::refused());
    CHECK(world.gate.state(world.clock.now()).state == flow::RouteState::flowing);
    while (auto const more = world.next()) {
        auto const values = DeliveryWorld::values(*more);
        world.finish(*more, values == std::vector<std::string>{"1"} ? DeliveryWorld::refused()
                                                                    : DeliveryWorld::delivered());
    }
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}, {Fate::buried, 1}});
}

TEST_CASE("of one partition no record passes another whose target is not ready") {
    DeliveryWorld world;
    world.settings.order = flow::Order::partition;
    world.sink.unready = {"clicks"};
    // One partition's records that go to two names.
    world.sink.target_by_value = true;
    world.give(world.clicks, "a", "clicks");
    world.give(world.clicks, "b", "views");
    world.clock.advance(50ms);
    auto const look_up = world.next();
    REQUIRE(look_up);
    CHECK(look_up->batch == nullptr);
    world.clock.advance(50ms);
    CHECK_FALSE(world.next());
    world.sink.unready.clear();
    world.finish(*look_up, DeliveryWorld::delivered());
    world.clock.advance(50ms);
    auto const attempt = world.next();
    REQUIRE(attempt);
    CHECK(DeliveryWorld::values(*attempt) == std::vector<std::string>{"clicks", "views"});
}

TEST_CASE("of one partition no record passes another whose target is missing") {
    DeliveryWorld world;
    world.settings.order = flow::Order::partition;
    world.settings.batch_size = 1;
    world.sink.target_by_value = true;
    world.give(world.clicks, "a", "views");
    auto const lost = world.next();
    REQUIRE(lost);
    world.finish(*lost, DeliveryWorld::blocked(BlockScope::target));
    world.give(world.clicks, "b", "views");
    world.give(world.clicks, "c", "clicks");
    world.clock.advance(1s);
    CHECK_FALSE(world.next());
    world.clock.advance(6s);
    for (auto const* const value : {"views", "views", "clicks"}) {
        auto const attempt = world.next();
        REQUIRE(attempt);
        CHECK(DeliveryWorld::values(*attempt) == std::vector<std::string>{value});
        CHECK_FALSE(world.next());
        world.finish(*attempt, DeliveryWorld::delivered());
    }
}

TEST_CASE("a batch of a missing target is the probe when nothing else waits") {
    DeliveryWorld world;
    world.give(world.clicks, "a", "v");
    world.clock.advance(50ms);
    world.finish(*world.next(), DeliveryWorld::blocked(BlockScope::target));
    world.clock.advance(7s);
    auto const probe = world.next();
    REQUIRE(probe);
    world.finish(*probe, DeliveryWorld::blocked(BlockScope::destination));
    CHECK(world.gate.is_blocked());
    world.clock.advance(7s);
    auto const second = world.next();
    REQUIRE(second);
    CHECK(second->is_probe);
    world.finish(*second, DeliveryWorld::delivered());
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}});
    CHECK_FALSE(world.gate.is_blocked());
    CHECK(world.gate.state(world.clock.now()).state == flow::RouteState::flowing);
    CHECK(world.gate.permits_taken() == 0);
}

TEST_CASE("a record does not wait behind one that was given back before its target was ready") {
    DeliveryWorld world;
    world.settings.order = flow::Order::partition;
    world.sink.unready = {"clicks"};
    world.sink.target_by_value = true;
    world.give(world.clicks, "a", "clicks", 0, 1);
    world.order(flow::LaneMessage::Kind::revoke, 0, 1);
    CHECK(world.fates() == std::map<Fate, int>{{Fate::revoked, 1}});
    world.give(world.clicks, "b", "views", 0, 2);
    world.clock.advance(50ms);
    auto const attempt = world.next();
    REQUIRE(attempt);
    CHECK(attempt->batch != nullptr);
}

TEST_CASE("a batch goes on when the record whose target it waited for is given back") {
    DeliveryWorld world;
    world.sink.target_by_value = true;
    world.give(world.clicks, "a", "clicks", 0, 1);
    world.give(world.clicks, "b", "views", 1, 1);
    world.clock.advance(50ms);
    auto const attempt = world.next();
    REQUIRE(attempt);
    REQUIRE(attempt->records.size() == 2);
    // The destination's schema has changed: its first target must be looked up again.
    world.sink.unready = {"clicks"};
    world.finish(*attempt, DeliveryWorld::failed());
    world.clock.advance(1s);
    auto const look_up = world.next();
    REQUIRE(look_up);
    REQUIRE(look_up->batch == nullptr);
    world.finish(*look_up, DeliveryWorld::failed());
    world.order(flow::LaneMessage::Kind::revoke, 0, 1);
    world.clock.advance(1min);
    auto const rest = world.next();
    REQUIRE(rest);
    CHECK(DeliveryWorld::values(*rest) == std::vector<std::string>{"views"});
    world.finish(*rest, DeliveryWorld::delivered());
    CHECK(world.delivery->is_idle());
}

namespace {

flow::Judgement unknown(flow::UnknownName name = flow::UnknownName::source) {
    auto judgement = DeliveryWorld::blocked(BlockScope::target);
    judgement.unknown = name;
    return judgement;
}

/// Sends what may be sent; "views" does not exist and may be given up.
void serve_without_views(DeliveryWorld& world) {
    while (auto const attempt = world.next()) {
        auto judgement = answer(world, *attempt, false);
        if (judgement.verdict == flow::Verdict::blocked) judgement = unknown();
        world.finish(*attempt, std::move(judgement));
    }
}

}  // namespace

TEST_CASE(
    "an unknown name blocks until another name of the route was accepted, then its records "
    "are given up") {
    DeliveryWorld world;
    world.settings.order = flow::Order::none;
    for (int i = 0; i < 3; ++i) {
        world.give(world.views, "", "v");
    }
    world.clock.advance(50ms);
    serve_without_views(world);
    world.give(world.views, "", "later");
    CHECK(world.fates().empty());
    CHECK(world.gate.state(world.clock.now()).state == flow::RouteState::blocked);

    world.give(world.clicks, "", "c");
    world.clock.advance(50ms);
    serve_without_views(world);
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}});
    // Its next probe settles it, with all that waited.
    world.clock.advance(7s);
    serve_without_views(world);
    CHECK(world.fates() == std::map<Fate, int>{{Fate::buried, 4}});
    for (auto const& burial : world.burials) {
        CHECK(burial->report.refusal.reason == "unknown_name");
        CHECK(burial->report.refusal.status == "404");
    }
    CHECK(world.gate.state(world.clock.now()).state == flow::RouteState::flowing);
    CHECK(world.stats.blocked_bytes.load() == 0);

    // From now on at once, and its neighbours are written.
    world.give(world.views, "", "v");
    world.give(world.clicks, "", "c");
    world.clock.advance(50ms);
    serve_without_views(world);
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}, {Fate::buried, 1}});
    CHECK(world.delivery->is_idle());
    CHECK(world.gate.permits_taken() == 0);
}

TEST_CASE("without on_unknown: dead_letter an unknown name blocks whatever else is accepted") {
    DeliveryWorld world;
    world.give(world.clicks, "a", "c");
    world.give(world.views, "b", "v");
    world.clock.advance(50ms);
    while (auto const attempt = world.next()) {
        world.finish(*attempt, answer(world, *attempt, false));
    }
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}});
    CHECK(world.gate.state(world.clock.now()).state == flow::RouteState::blocked);
}

TEST_CASE("an unknown name that is found out before anything was sent is given up too") {
    DeliveryWorld world;
    world.settings.order = flow::Order::none;
    world.sink.unready = {"views"};
    world.give(world.views, "", "v1");
    world.give(world.views, "", "v2");
    auto const first = world.next();
    REQUIRE(first);
    REQUIRE(first->batch == nullptr);
    world.finish(*first, unknown());
    CHECK(world.fates().empty());
    CHECK(world.gate.state(world.clock.now()).state == flow::RouteState::blocked);
    world.give(world.clicks, "", "c");
    world.clock.advance(50ms);
    auto const second = world.next();
    REQUIRE(second);
    world.finish(*second, DeliveryWorld::delivered());
    world.clock.advance(7s);
    auto const again = world.next();
    REQUIRE(again);
    REQUIRE(again->batch == nullptr);
    world.finish(*again, unknown());
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}, {Fate::buried, 2}});
    CHECK(world.burials[0]->report.refusal.reason == "unknown_name");
    CHECK(world.gate.state(world.clock.now()).state == flow::RouteState::flowing);
    CHECK(world.delivery->is_idle());
}

TEST_CASE("a partition that is unknown is compared with other partitions") {
    DeliveryWorld world;
    world.settings.order = flow::Order::none;
    world.sink.wanted_shape.targets_max = 1;
    world.give(world.views, "", "v");
    world.give(world.clicks, "", "c");
    world.clock.advance(50ms);
    auto const views = world.next();
    auto const clicks = world.next();
    REQUIRE(clicks);
    world.finish(*clicks, DeliveryWorld::delivered());
    world.finish(*views, unknown(flow::UnknownName::place));
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}, {Fate::buried, 1}});
}

TEST_CASE("a blocked target's record waits for those of its partition that stand before it") {
    DeliveryWorld world;
    world.settings.order = flow::Order::partition;
    world.sink.target_by_value = true;
    world.give(world.views, "k", "views", 1);
    world.give(world.clicks, "k", "clicks", 0);
    world.give(world.clicks, "k", "views", 0);
    world.clock.advance(50ms);
    world.finish(*world.next(), DeliveryWorld::blocked(BlockScope::target));
    world.finish(*world.next(), DeliveryWorld::blocked(BlockScope::target));
    auto const before = world.next();
    REQUIRE(before);
    CHECK(DeliveryWorld::values(*before) == std::vector<std::string>{"clicks"});
    world.clock.advance(7s);
    auto const probe = world.next();
    REQUIRE(probe);
    CHECK(DeliveryWorld::values(*probe) == std::vector<std::string>{"views"});
    world.finish(*probe, DeliveryWorld::delivered());
    world.clock.advance(1s);
    CHECK_FALSE(world.next());
    world.finish(*before, DeliveryWorld::delivered());
    world.clock.advance(50ms);
    auto const behind = world.next();
    REQUIRE(behind);
    CHECK(DeliveryWorld::values(*behind) == std::vector<std::string>{"views"});
}

TEST_CASE("a blocked target's record waits for those before it that waited for a dead letter") {
    DeliveryWorld world;
    world.settings.order = flow::Order::partition;
    world.sink.target_by_value = true;
    world.give(world.views, "k", "views", 1);
    world.clock.advance(50ms);
    auto const lost = world.next();
    REQUIRE(lost);
    world.give(world.clicks, "bad", "clicks", 0);
    world.give(world.clicks, "good", "clicks", 0);
    world.give(world.clicks, "k", "views", 0);
    world.finish(*lost, DeliveryWorld::blocked(BlockScope::target));
    world.clock.advance(50ms);
    auto const both = world.next();
    REQUIRE(both);
    CHECK(both->effective.size() == 2);
    auto const hash = both->records.front().order_hash;
    world.finish(*both, DeliveryWorld::refused());
    auto const alone = world.next();
    REQUIRE(alone);
    REQUIRE(alone->effective.size() == 1);
    world.finish(*alone, DeliveryWorld::refused());
    CHECK(world.fates()[Fate::buried] == 1);
    world.acknowledge_burial(hash);
    world.clock.advance(7s);
    auto const probe = world.next();
    REQUIRE(probe);
    world.finish(*probe, DeliveryWorld::delivered());
    world.clock.advance(50ms);
    auto const behind = world.next();
    REQUIRE(behind);
    CHECK(DeliveryWorld::values(*behind) == std::vector<std::string>{"clicks", "views"});
    world.finish(*behind, DeliveryWorld::delivered());
    CHECK(world.delivery->is_idle());
}
