// What a destination that dies sees of a route with several lanes, and how soon the backlog moves
// again: a small discrete simulation with a manual clock.
#include "delivery_world.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <memory>
#include <vector>

using namespace headrace;
using namespace headrace::flow_test;
using flow::FailureReason;
using flow::RouteState;

namespace {

/// How a destination is dead.
enum class Death {
    refuses,   ///< Connections are refused at once.
    fails,     ///< Every request is answered 503.
    swallows,  ///< Nothing is ever answered: each request times out.
};

constexpr Duration tick = 5ms;
constexpr Duration latency = 20ms;
constexpr std::size_t lane_count = 3;

struct Outage {
    explicit Outage(Death how, Duration limit, flow::GateSettings gate_settings = adaptive())
        : death(how), timeout(limit), gate(gate_settings, WallTime{}) {
        settings.order = flow::Order::none;
        settings.max_retries = 3;
        settings.backoff = {200ms, 30s};
        for (std::uint32_t i = 0; i < lane_count; ++i) {
            settings.lane = i;
            settings.seed = i + 1;
            lanes.push_back(std::make_unique<Lane>(*this));
        }
    }

    static flow::GateSettings adaptive() {
        return {.is_adaptive = true,
                .concurrency_max = 256,
                .probe = 1s,
                .blocked_probe = 5s,
                .failures_to_break = 5};
    }

    struct Request {
        flow::Attempt attempt;
        TimePoint due;
        flow::Judgement judgement;
        TimePoint sent;
    };
    struct Lane {
        explicit Lane(Outage& world)
            : delivery(world.settings, world.sink, world.gate, stats,
                       [](flow::Severity, std::string_view, std::string const&) {}) {}
        flow::LaneStats stats;
        flow::Delivery delivery;
        std::vector<Request> requests;
        std::uint64_t sequence = 0;
    };

    Death death;
    Duration timeout;
    fakes::ManualClock clock;
    fakes::ScriptedSink sink;
    flow::TopicPartition clicks{"clicks", 0, 11};
    flow::Gate gate;
    flow::DeliverySettings settings{.batch_size = 10, .batch_bytes = 1 << 20, .linger = 50ms};
    std::vector<std::unique_ptr<Lane>> lanes;
    bool is_dead = false;
    std::size_t sent = 0;
    std::size_t written = 0;
    std::size_t in_flight_max = 0;
    std::size_t retries = 0;

    [[nodiscard]] flow::Delivery::Now now() const { return {clock.now(), clock.wall()}; }

    void give(std::size_t records) {
        for (std::size_t i = 0; i < records; ++i) {
            auto& lane = *lanes[i % lane_count];
            flow::LaneMessage message;
            message.record = flow::make_record(clicks, static_cast<flow::Offset>(lane.sequence),
                                               std::nullopt, "v");
            message.record.ticket = {0, 1, lane.sequence++, 0};
            lane.delivery.handle(std::move(message), now());
        }
    }
    [[nodiscard]] Request make(flow::Attempt const& attempt) const {
        if (!is_dead)
            return {attempt, clock.now() + latency, DeliveryWorld::delivered(), clock.now()};
        if (death == Death::refuses)
            return {attempt, clock.now() + tick, DeliveryWorld::failed(FailureReason::connection),
                    clock.now()};
        if (death == Death::fails)
            return {attempt, clock.now() + latency, DeliveryWorld::failed(), clock.now()};
        return {attempt, clock.now() + timeout, DeliveryWorld::failed(FailureReason::timeout),
                clock.now()};
    }
    void turn(Lane& lane) {
        for (std::size_t i = 0; i < lane.requests.size();) {
            if (lane.requests[i].due > clock.now()) {
                ++i;
                continue;
            }
            auto request = std::move(lane.requests[i]);
            lane.requests.erase(lane.requests.begin() + static_cast<std::ptrdiff_t>(i));
            bool const is_written = request.judgement.verdict == flow::Verdict::delivered;
            written += is_written ? request.attempt.effective.size() : 0;
            lane.delivery.finish(request.attempt, std::move(request.judgement),
                                 clock.now() - request.sent, now());
        }
        while (auto const attempt = lane.delivery.next(now())) {
            lane.requests.push_back(make(*attempt));
            ++sent;
            retries += attempt->batch->part().failures != 0 ? 1 : 0;
        }
        lane.delivery.outcomes().clear();
    }
    [[nodiscard]] std::size_t in_flight() const {
        std::size_t sum = 0;
        for (auto const& lane : lanes) {
            sum += lane->requests.size();
        }
        return sum;
    }
    void pass(Duration time, std::size_t records_per_tick) {
        for (auto const end = clock.now() + time; clock.now() < end; clock.advance(tick)) {
            give(records_per_tick);
            for (auto& lane : lanes) {
                turn(*lane);
            }
            in_flight_max = std::max(in_flight_max, in_flight());
        }
    }
};

}  // namespace

TEST_CASE(
    "a destination that is down for 20 s sees at most 50 requests beyond those in flight, "
    "and the backlog moves within 2 s of its return") {
    for (auto const death : {Death::refuses, Death::fails, Death::swallows}) {
        for (auto const timeout : {Duration(2s), Duration(30s)}) {
            if (death != Death::swallows && timeout != Duration(30s)) continue;
            CAPTURE(static_cast<int>(death), std::chrono::duration<double>(timeout).count());
            Outage world(death, timeout);
            // A busy time leaves a high limit behind; then a quiet one.
            world.pass(1s, 100);
            world.pass(3s, 2);
            auto const in_flight = world.in_flight();
            auto const sent_before = world.sent;
            world.is_dead = true;
            world.pass(20s, 2);
            CHECK(world.sent - sent_before <= in_flight + 50);
            world.is_dead = false;
            auto const written_before = world.written;
            world.pass(2s, 2);
            CHECK(world.written > written_before);
            // The whole backlog of 20 s, and what came meanwhile.
            world.pass(3s, 2);
            CHECK(world.gate.state(world.clock.now()).state == RouteState::flowing);
            world.pass(30s, 0);
            std::uint64_t given = 0;
            for (auto const& lane : world.lanes) {
                given += lane->sequence;
                CHECK(lane->delivery.is_idle());
            }
            CHECK(world.written == given);
            CHECK(world.gate.permits_taken() == 0);
        }
    }
}

TEST_CASE("after an outage sending ramps up: what failed in it does not come back at once") {
    Outage world(Death::fails, 30s);
    world.pass(1s, 100);
    world.is_dead = true;
    world.pass(3s, 50);
    world.is_dead = false;
    world.in_flight_max = 0;
    auto const before = world.sent;
    while (world.gate.is_closed()) {
        world.pass(tick, 0);
    }
    world.pass(tick, 0);
    CHECK(world.in_flight_max <= 4);
    CHECK(world.sent - before <= 8);
    world.pass(3s, 0);
    CHECK(world.in_flight_max >= 16);
}

TEST_CASE("a slow destination is not taken for a dead one") {
    Outage world(Death::swallows, 30s);
    world.pass(1s, 10);
    // Everything takes three seconds from now on, and is answered.
    world.is_dead = true;
    world.timeout = 3s;
    auto const sent = world.sent;
    auto slow = [&](Duration time) {
        for (auto const end = world.clock.now() + time; world.clock.now() < end;
             world.clock.advance(tick)) {
            world.give(1);
            for (auto& lane : world.lanes) {
                for (auto& request : lane->requests) {
                    request.judgement = DeliveryWorld::delivered();
                }
                world.turn(*lane);
            }
        }
    };
    slow(60s);
    // 200 records a second need 60 requests in flight.
    CHECK(world.sent - sent >= 800);
    CHECK(world.in_flight() >= 40);
    CHECK(world.gate.state(world.clock.now()).state == RouteState::flowing);
}

TEST_CASE("while others succeed retries are a bounded share of the traffic") {
    auto settings = Outage::adaptive();
    settings.is_adaptive = false;
    settings.failures_to_break = 1000;
    settings.retry_budget_percent = 20;
    Outage world(Death::fails, 30s, settings);
    Random random(7);
    for (int i = 0; i < 4000; ++i) {
        world.give(50);
        for (auto& lane : world.lanes) {
            for (auto& request : lane->requests) {
                bool const is_new = request.sent + tick == world.clock.now();
                if (is_new && random.next() % 2 == 0) request.judgement = DeliveryWorld::failed();
            }
            world.turn(*lane);
        }
        world.clock.advance(tick);
    }
    auto const successes = world.written / 10;
    CHECK(successes > 400);
    CHECK(world.retries > 200);
    // A fifth of the successes, ten a second for 20 s, and what was saved up.
    CHECK(world.retries <= successes / 5 + 200 + 100 + 1);
}
