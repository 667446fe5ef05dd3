#include "delivery_world.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace headrace;
using namespace headrace::flow_test;
using flow::Fate;
using flow::RouteState;

namespace {

flow::GateSettings gate_with(std::uint32_t in_a_row_max) {
    auto settings = DeliveryWorld::plain_gate();
    settings.in_a_row_max = in_a_row_max;
    return settings;
}

void fill(DeliveryWorld& world, int count, std::string const& value) {
    for (int i = 0; i < count; ++i) {
        auto const key = value + std::to_string(world.sequence);
        world.give(world.clicks, key, value);
    }
    world.clock.advance(50ms);
}

/// A destination that refuses every request with the value `poison` in it.
flow::Judgement answer(flow::Attempt const& attempt, std::string const& poison) {
    auto const values = DeliveryWorld::values(attempt);
    bool const has_poison = std::find(values.begin(), values.end(), poison) != values.end();
    return has_poison ? DeliveryWorld::refused() : DeliveryWorld::delivered();
}

/// Sends whatever may be sent now. Gives how many requests that were.
int serve(DeliveryWorld& world, std::string const& poison) {
    int requests = 0;
    while (auto const attempt = world.next()) {
        ++requests;
        world.finish(*attempt, answer(*attempt, poison));
    }
    return requests;
}

RouteState state(DeliveryWorld& world) {
    return world.gate.state(world.clock.now()).state;
}

}  // namespace

TEST_CASE(
    "until a record was accepted refused ones are held, and the first one accepted buries "
    "them") {
    DeliveryWorld world(gate_with(100));
    fill(world, 3, "bad row");
    CHECK(serve(world, "bad row") == 5);  // Three together, then 1 + 2 → 1 + 1 + 1.
    CHECK(world.fates().empty());
    CHECK_FALSE(world.delivery->is_idle());
    CHECK(world.gate.permits_taken() == 0);
    CHECK(state(world) == RouteState::flowing);
    REQUIRE(world.delivery->next_wake(world.clock.now()));
    fill(world, 1, "good");
    serve(world, "bad row");
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}, {Fate::buried, 3}});
    for (auto const& burial : world.burials) {
        CHECK(burial->report.refusal.reason == "rejected");
        CHECK(burial->report.refusal.status == "400");
        world.acknowledge_burial(burial->record.order_hash);
    }
    CHECK(world.delivery->is_idle());
}

TEST_CASE("in_a_row_max refusals block the route and bury none of those held") {
    DeliveryWorld world(gate_with(4));
    fill(world, 6, "row");
    serve(world, "row");
    CHECK(state(world) == RouteState::blocked);
    CHECK(world.gate.is_blocked());
    CHECK(world.gate.state(world.clock.now()).reason.starts_with("4 records in a row"));
    CHECK(world.fates().empty());

    // A probe sends one of the held, and only one.
    world.clock.advance(7s);
    CHECK(serve(world, "row") == 1);
    CHECK(world.fates().empty());
    CHECK(serve(world, "row") == 0);

    // Mended: the probe is accepted and the others are tried again.
    world.clock.advance(7s);
    serve(world, "nothing");
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 6}});
    CHECK(state(world) == RouteState::flowing);
    CHECK(world.delivery->is_idle());
    CHECK(world.gate.permits_taken() == 0);
}

TEST_CASE("once records were accepted refused ones are buried, and at the limit held") {
    DeliveryWorld world(gate_with(3));
    fill(world, 1, "good");
    serve(world, "row");
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}});
    for (int i = 0; i < 4; ++i) {
        fill(world, 1, "row");
        serve(world, "row");
    }
    CHECK(world.fates() == std::map<Fate, int>{{Fate::buried, 2}});
    CHECK(state(world) == RouteState::blocked);
    world.gate.resume(world.clock.now(), world.clock.wall());
    CHECK(state(world) == RouteState::flowing);
    // The third is buried as it was held; the fourth was never sent and counts anew.
    serve(world, "row");
    CHECK(world.fates() == std::map<Fate, int>{{Fate::buried, 2}});
    CHECK(state(world) == RouteState::flowing);
}

TEST_CASE("an accepted record between refusals begins the count anew") {
    DeliveryWorld world(gate_with(3));
    for (int i = 0; i < 10; ++i) {
        fill(world, 1, "good");
        serve(world, "row");
        fill(world, 2, "row");
        serve(world, "row");
    }
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 10}, {Fate::buried, 20}});
    CHECK(state(world) == RouteState::flowing);
}

TEST_CASE("0 turns it off: the very first refused record is buried") {
    DeliveryWorld world(gate_with(0));
    fill(world, 1, "row");
    serve(world, "row");
    CHECK(world.fates() == std::map<Fate, int>{{Fate::buried, 1}});
}

TEST_CASE("refusals are counted over all lanes, and what one learns holds for the others") {
    DeliveryWorld world(gate_with(4));
    flow::LaneStats stats;
    flow::Delivery other(world.settings, world.sink, world.gate, stats,
                         [](flow::Severity, std::string_view, std::string const&) {});
    fill(world, 2, "row");
    serve(world, "row");
    for (int i = 0; i < 2; ++i) {
        flow::LaneMessage message;
        message.record = flow::make_record(world.clicks, 100 + i, "o" + std::to_string(i), "row");
        message.record.ticket = {0, 1, 100U + static_cast<unsigned>(i), 0};
        other.handle(std::move(message), world.now());
    }
    world.clock.advance(50ms);
    auto const serve_other = [&](std::string const& poison) {
        int requests = 0;
        while (auto const attempt = other.next(world.now())) {
            ++requests;
            other.finish(*attempt, answer(*attempt, poison), 5ms, world.now());
        }
        return requests;
    };
    serve_other("row");
    CHECK(state(world) == RouteState::blocked);
    CHECK(other.outcomes().empty());
    world.clock.advance(7s);
    // Whoever is first sends the probe; the other lane's are tried again for its success.
    CHECK(serve(world, "nothing") == 2);
    CHECK(serve_other("nothing") == 2);
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 2}});
    CHECK(other.outcomes().size() == 2);
    CHECK(other.is_idle());
}

TEST_CASE("what follows a held record in its batch and shares its key stays behind it") {
    DeliveryWorld world(gate_with(100));
    world.give(world.clicks, "a", "row");
    world.give(world.clicks, "a", "after");
    world.clock.advance(50ms);
    serve(world, "row");
    CHECK(world.fates().empty());
    fill(world, 1, "good");
    serve(world, "row");
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}, {Fate::buried, 1}});
    CHECK(world.burials[0]->record.value == "row");
    world.acknowledge_burial(world.burials[0]->record.order_hash);
    world.clock.advance(50ms);
    CHECK(serve(world, "row") == 1);
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}});
}

TEST_CASE("what a held record superseded waits with it, and is due again when it is buried") {
    DeliveryWorld world(gate_with(100));
    world.sink.collapses = true;
    world.give(world.clicks, "a", "old");
    world.give(world.clicks, "a", "row");
    world.clock.advance(50ms);
    CHECK(serve(world, "row") == 1);
    CHECK(world.fates().empty());
    world.gate.resume(world.clock.now(), world.clock.wall());
    serve(world, "row");
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}, {Fate::buried, 1}});
    CHECK(world.burials[0]->record.value == "row");
}

TEST_CASE(
    "held records are given back with their partition, and what is left of their batch goes "
    "on") {
    DeliveryWorld world(gate_with(2));
    world.give(world.clicks, "a", "row", 0);
    world.give(world.clicks, "b", "row", 1);
    world.clock.advance(50ms);
    serve(world, "row");
    CHECK(state(world) == RouteState::blocked);
    world.order(flow::LaneMessage::Kind::revoke, 0);
    CHECK(world.fates() == std::map<Fate, int>{{Fate::revoked, 1}});
    world.order(flow::LaneMessage::Kind::drain);
    CHECK(world.fates() == std::map<Fate, int>{{Fate::drained, 1}});
    CHECK(world.delivery->is_idle());
    CHECK(world.gate.refusals().held() == 0);
}

TEST_CASE("a route blocked by refusals of which none is left probes with what comes") {
    DeliveryWorld world(gate_with(1));
    world.give(world.clicks, "a", "row", 0);
    world.clock.advance(50ms);
    serve(world, "row");
    CHECK(state(world) == RouteState::blocked);
    world.order(flow::LaneMessage::Kind::revoke, 0);
    world.fates();
    world.give(world.clicks, "a", "row", 0, 2);
    world.clock.advance(7s);
    CHECK(serve(world, "nothing") == 1);
    CHECK(state(world) == RouteState::flowing);
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}});
}
