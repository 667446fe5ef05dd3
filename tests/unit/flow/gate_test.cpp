#include "flow/gate.hpp"

#include "fakes/manual_clock.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using namespace std::chrono_literals;
using flow::Gate;
using flow::RouteState;
using Passage = flow::Gate::Passage;

namespace {

struct World {
    fakes::ManualClock clock;
    Random random{1};
    Gate gate;

    explicit World(flow::GateSettings settings = {.is_adaptive = true,
                                                  .concurrency_max = 64,
                                                  .probe = 1s,
                                                  .blocked_probe = 5s,
                                                  .failures_to_break = 5})
        : gate(settings, clock.wall()) {}
    Gate::Claim claim;
    /// Of a request that is sent and answered now.
    Gate::Outcome outcome(bool was_probe = false) {
        auto const request = gate.begin_request(clock.now(), true);
        return {was_probe, clock.now(), clock.wall(), request, 20ms, true};
    }
    bool begin_probe() { return gate.try_begin_probe(clock.now(), random); }
    Passage passage() { return gate.passage(clock.now()); }
    void fail(int times, bool was_probe = false) {
        for (int i = 0; i < times; ++i) {
            gate.on_failure(outcome(was_probe), std::nullopt, "500: oops", random);
        }
    }
    int permits() {
        int taken = 0;
        while (gate.try_acquire(claim, clock.now())) {
            ++taken;
        }
        for (int i = 0; i < taken; ++i) {
            gate.release(claim);
        }
        return taken;
    }
};

}  // namespace

TEST_CASE(
    "the breaker opens after five failures in a row, and a success between them begins anew") {
    World world;
    world.fail(4);
    CHECK(world.passage() == Passage::open);
    world.gate.on_success(world.outcome());
    world.fail(4);
    CHECK(world.passage() == Passage::open);
    world.fail(1);
    CHECK(world.passage() == Passage::held);
    auto const state = world.gate.state(world.clock.now());
    CHECK(state.state == RouteState::broken);
    CHECK(state.reason == "500: oops");
}

TEST_CASE("a broken destination sees one probe at a time, about every probe interval") {
    World world;
    world.fail(5);
    world.clock.advance(1200ms);
    REQUIRE(world.passage() == Passage::probe);
    CHECK(world.begin_probe());
    CHECK_FALSE(world.begin_probe());
    CHECK(world.passage() == Passage::held);
    world.fail(1, true);
    CHECK(world.passage() == Passage::held);
    world.clock.advance(799ms);
    CHECK(world.passage() == Passage::held);
    world.clock.advance(401ms);
    CHECK(world.passage() == Passage::probe);
}

TEST_CASE("a successful probe opens the gate at a low concurrency that ramps up") {
    World world;
    world.fail(5);
    world.clock.advance(2s);
    CHECK(world.begin_probe());
    auto const before = world.gate.recoveries();
    world.gate.on_success(world.outcome(true));
    CHECK(world.passage() == Passage::open);
    CHECK(world.gate.recoveries() == before + 1);
    CHECK(world.permits() == 2);
    for (int round = 0; round < 6; ++round) {
        int taken = 0;
        while (world.gate.try_acquire(world.claim, world.clock.now())) {
            ++taken;
        }
        for (int i = 0; i < taken; ++i) {
            world.gate.on_success(world.outcome());
        }
        for (int i = 0; i < taken; ++i) {
            world.gate.release(world.claim);
        }
    }
    CHECK(world.permits() == 64);
    CHECK(world.gate.state(world.clock.now()).state == RouteState::flowing);
}

TEST_CASE("a refusal is an answer: it closes the breaker") {
    World world;
    world.fail(5);
    world.clock.advance(2s);
    CHECK(world.begin_probe());
    world.gate.on_refused(world.outcome(true));
    CHECK(world.passage() == Passage::open);
}

TEST_CASE(
    "throttling holds the destination and lowers the concurrency, and never opens the breaker") {
    World world;
    for (int i = 0; i < 20; ++i) {
        world.gate.on_throttled(world.outcome(), 3s, "429: slow down");
        world.clock.advance(600ms);
    }
    CHECK(world.passage() == Passage::held);
    CHECK(world.gate.state(world.clock.now()).state == RouteState::throttled);
    CHECK(world.gate.concurrency().limit() == 1);
    world.clock.advance(3s);
    CHECK(world.passage() == Passage::open);
    CHECK(world.gate.state(world.clock.now()).state == RouteState::throttled);
    world.gate.on_success(world.outcome());
    CHECK(world.gate.state(world.clock.now()).state == RouteState::flowing);
}

TEST_CASE("a longer hold is not shortened by a later one") {
    World world;
    world.gate.on_throttled(world.outcome(), 10s, "429");
    world.gate.on_throttled(world.outcome(), 1s, "429");
    CHECK(world.gate.wait_until(world.clock.now()) == world.clock.now() + 10s);
}

TEST_CASE("the answers of one burst lower the limit once") {
    World world;
    auto const before = world.gate.concurrency().limit();
    for (int i = 0; i < 10; ++i) {
        world.gate.on_throttled(world.outcome(), 0s, "429");
    }
    CHECK(world.gate.concurrency().limit() == before / 2);
}

TEST_CASE("a blocked destination is probed at its own pace and recovers by itself") {
    World world;
    world.gate.on_blocked(world.outcome(), "401: bad key", world.random);
    CHECK(world.gate.is_blocked());
    CHECK(world.gate.state(world.clock.now()).state == RouteState::blocked);
    world.clock.advance(3s);
    CHECK(world.passage() == Passage::held);
    world.clock.advance(3s);
    REQUIRE(world.passage() == Passage::probe);
    CHECK(world.begin_probe());
    world.gate.on_blocked(world.outcome(true), "401: bad key", world.random);
    CHECK(world.passage() == Passage::held);
    world.gate.probe_now(world.clock.now());
    REQUIRE(world.passage() == Passage::probe);
    CHECK(world.begin_probe());
    world.gate.on_success(world.outcome(true));
    CHECK_FALSE(world.gate.is_blocked());
}

TEST_CASE("a probe that had nothing to send is given back") {
    World world;
    world.fail(5);
    world.clock.advance(2s);
    CHECK(world.begin_probe());
    world.gate.cancel_probe(world.clock.now());
    CHECK(world.passage() == Passage::probe);
}

TEST_CASE("a missing target makes the route blocked until every target is there again") {
    World world;
    world.gate.on_target_blocked(world.clock.wall(), "clicks is missing");
    world.gate.on_target_blocked(world.clock.wall(), "views is missing");
    CHECK(world.passage() == Passage::open);
    CHECK(world.gate.state(world.clock.now()).state == RouteState::blocked);
    world.gate.on_target_mended(world.clock.wall());
    CHECK(world.gate.state(world.clock.now()).reason == "clicks is missing");
    world.gate.on_target_mended(world.clock.wall());
    CHECK(world.gate.state(world.clock.now()).state == RouteState::flowing);
}

TEST_CASE("a fixed concurrency stays as it was set") {
    World world({.is_adaptive = false,
                 .concurrency_max = 3,
                 .probe = 1s,
                 .blocked_probe = 5s,
                 .failures_to_break = 5});
    CHECK(world.permits() == 3);
    world.gate.on_throttled(world.outcome(), 0s, "429");
    world.gate.on_success(world.outcome());
    CHECK(world.permits() == 3);
}

TEST_CASE("a lane with less than its share of the permits gets the next ones") {
    World world({.is_adaptive = false,
                 .concurrency_max = 4,
                 .probe = 1s,
                 .blocked_probe = 5s,
                 .failures_to_break = 5});
    Gate::Claim greedy;
    Gate::Claim late;
    auto const ask = [&](Gate::Claim& claim) {
        return world.gate.try_acquire(claim, world.clock.now());
    };
    while (ask(greedy)) {
    }
    CHECK(greedy.held == 4);
    CHECK_FALSE(greedy.is_short);
    CHECK_FALSE(ask(late));
    CHECK(late.is_short);
    for (std::uint32_t given = 1; given != 3; ++given) {
        world.gate.release(greedy);
        CHECK_FALSE(ask(greedy));
        CHECK(ask(late));
        CHECK(late.held == given);
        CHECK_FALSE(ask(late));
    }
    // Both have their share, and whoever finishes goes on.
    CHECK_FALSE(late.is_short);
    world.clock.advance(1s);
    world.gate.release(greedy);
    CHECK(ask(greedy));
    world.gate.release(late);
    CHECK(ask(late));
}

TEST_CASE("a lane that was short and asks no more keeps nobody from the permits") {
    World world({.is_adaptive = false,
                 .concurrency_max = 1,
                 .probe = 1s,
                 .blocked_probe = 5s,
                 .failures_to_break = 5});
    Gate::Claim busy;
    Gate::Claim late;
    REQUIRE(world.gate.try_acquire(busy, world.clock.now()));
    REQUIRE_FALSE(world.gate.try_acquire(late, world.clock.now()));
    world.gate.release(busy);
    CHECK_FALSE(world.gate.try_acquire(busy, world.clock.now()));
    world.clock.advance(2 * Gate::short_interval);
    CHECK(world.gate.try_acquire(busy, world.clock.now()));
}

TEST_CASE("a limit that is not felt does not grow") {
    World world;
    auto const before = world.gate.concurrency().limit();
    for (int i = 0; i < 100; ++i) {
        REQUIRE(world.gate.try_acquire(world.claim, world.clock.now()));
        world.gate.on_success(world.outcome());
        world.gate.release(world.claim);
    }
    CHECK(world.gate.concurrency().limit() == before);
}
