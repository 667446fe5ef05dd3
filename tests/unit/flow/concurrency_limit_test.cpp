// What the concurrency limit does to throughput, against modelled destinations in virtual time and
// compared with the best fixed limit.
#include "flow/concurrency_limit.hpp"

#include "destination_model.hpp"

#include <catch2/catch_test_macros.hpp>

#include <tuple>

using namespace headrace;
using namespace headrace::flow_test;
using flow::ConcurrencyChange;

namespace {

constexpr std::uint32_t most = 64;
constexpr Duration phase = 12s;

std::uint64_t changes(DestinationModel& model, ConcurrencyChange why) {
    return model.gate().concurrency().changes()[static_cast<std::size_t>(why)];
}

/// A destination that is quick, then slow, then quick again: each phase keeps `share` of what the
/// best fixed limit does in it, and so does the eleventh second after it is quick again.
void check_slows_and_recovers(Behaviour const& quick, Behaviour const& slow, double share) {
    auto const best_quick = best_fixed(quick, most, 3s);
    auto const best_slow = best_fixed(slow, most, phase);
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
        CAPTURE(seed, best_quick, best_slow);
        DestinationModel model(adaptive(most), seed);
        model.behave(quick);
        CHECK(model.run(phase).per_sec >= share * best_quick);
        model.behave(slow);
        CHECK(model.run(phase).per_sec >= share * best_slow);
        model.behave(quick);
        auto const first = model.run(10s);
        auto const then = model.run(2s);
        CAPTURE(first.limit, then.limit);
        CHECK(then.per_sec >= share * best_quick);
        CHECK((first.per_sec * 10 + then.per_sec * 2) / 12 >= share * best_quick);
    }
}

}  // namespace

TEST_CASE("a destination that is only far gets everything, ten times slower and quick again") {
    check_slows_and_recovers({.distance = 10ms}, {.distance = 100ms}, 0.9);
}

TEST_CASE("a destination whose services slow tenfold keeps its workers busy throughout") {
    Behaviour const quick{.distance = 2ms, .service = 10ms, .workers = 20};
    Behaviour const slow{.distance = 2ms, .service = 100ms, .workers = 20};
    check_slows_and_recovers(quick, slow, 0.9);
}

TEST_CASE(
    "a destination that loses nine tenths of its workers is filled again when they are back") {
    Behaviour const quick{.distance = 2ms, .service = 20ms, .workers = 40};
    Behaviour const slow{.distance = 2ms, .service = 20ms, .workers = 4};
    check_slows_and_recovers(quick, slow, 0.9);
}

TEST_CASE("a destination that is slower the more it is given is given what it does best with") {
    Behaviour const quick{.distance = 2ms, .service = 10ms, .workers = 12, .degrades = 0.5};
    Behaviour const slow{.distance = 2ms, .service = 100ms, .workers = 12, .degrades = 0.5};
    check_slows_and_recovers(quick, slow, 0.9);
}

TEST_CASE("times that scatter do not mislead it by more than a tenth") {
    check_slows_and_recovers({.distance = 20ms, .jitter = 1}, {.distance = 200ms, .jitter = 1},
                             0.9);
    Behaviour const quick{.distance = 2ms, .service = 10ms, .workers = 20, .jitter = 1};
    Behaviour const slow{.distance = 2ms, .service = 100ms, .workers = 20, .jitter = 1};
    check_slows_and_recovers(quick, slow, 0.88);
}

TEST_CASE("heavy tails cost less than a fifth") {
    check_slows_and_recovers({.distance = 20ms, .jitter = 3}, {.distance = 200ms, .jitter = 3},
                             0.8);
}

TEST_CASE("what would only wait at the destination is not sent") {
    DestinationModel model(adaptive(256), 1);
    model.behave({.distance = 2ms, .service = 10ms, .workers = 20});
    std::ignore = model.run(20s);
    auto const settled = model.run(10s);
    // 24 fill it; with 256 in flight the mean would be 128 ms.
    CHECK(settled.limit < 60);
    CHECK(settled.latency_secs < 0.03);
    CHECK(settled.per_sec > 1900);
    CHECK(changes(model, ConcurrencyChange::less) > 0);
    CHECK(model.gate().concurrency().latency_secs() > 0.01);
}

TEST_CASE("when a destination loses workers, what it is given falls with them") {
    DestinationModel model(adaptive(128), 1);
    model.behave({.distance = 2ms, .service = 20ms, .workers = 60});
    CHECK(model.run(10s).limit > 50);
    model.behave({.distance = 2ms, .service = 20ms, .workers = 6});
    std::ignore = model.run(40s);
    auto const settled = model.run(10s);
    CHECK(settled.limit < 20);
    CHECK(settled.latency_secs < 0.07);
    CHECK(settled.per_sec > 0.9 * 300);
}

TEST_CASE("a destination that refuses above a concurrency is kept just below it") {
    for (bool const with_503 : {false, true}) {
        CAPTURE(with_503);
        Behaviour const behaviour{
            .distance = 20ms, .jitter = 0.3, .bears = 40, .refuses_with_503 = with_503};
        DestinationModel model(adaptive(most), 3);
        model.behave(behaviour);
        std::ignore = model.run(10s);
        auto const settled = model.run(30s);
        CHECK(settled.limit > 25);
        CHECK(settled.limit < 45);
        CHECK(settled.per_sec > 0.75 * 2000);
        CHECK(changes(model, with_503 ? ConcurrencyChange::failing : ConcurrencyChange::throttled) >
              0);
    }
}

TEST_CASE(
    "a destination that refuses above a rate is asked for little more, and followed when it "
    "grants ten times as much") {
    DestinationModel model(adaptive(most), 3);
    model.behave({.distance = 20ms, .per_sec = 100});
    std::ignore = model.run(10s);
    auto const scarce = model.run(20s);
    CHECK(scarce.per_sec > 50);
    CHECK(scarce.throttled < 0.1 * 20 * scarce.per_sec);
    model.behave({.distance = 20ms, .per_sec = 1000});
    std::ignore = model.run(70s);
    CHECK(model.run(10s).per_sec > 600);
}

TEST_CASE(
    "a failure now and then costs nothing, and failures that do not depend on the limit "
    "do not hold it down") {
    Behaviour const some{.distance = 20ms, .fails = 0.02};
    DestinationModel model(adaptive(most), 1);
    model.behave(some);
    std::ignore = model.run(3s);
    CHECK(model.run(10s).per_sec > 0.9 * best_fixed(some, most, 5s));
    Behaviour const many{.distance = 20ms, .fails = 0.2};
    model.behave(many);
    std::ignore = model.run(10s);
    CHECK(model.run(20s).limit > most / 2.0);
}

TEST_CASE("a limit that is not felt neither grows nor falls") {
    for (double const jitter : {0.0, 1.0, 3.0}) {
        DestinationModel model(adaptive(256), 5);
        model.behave({.distance = 20ms, .jitter = jitter});
        // Three in flight on average.
        model.load({.per_sec = 150});
        auto const light = model.run(60s);
        CAPTURE(jitter);
        CHECK(light.limit_max < 40);
        CHECK(light.limit_min >= 8);
        CHECK(light.per_sec > 140);
        // A tenfold load finds its room at once.
        model.load({.per_sec = 5000});
        std::ignore = model.run(5s);
        CHECK(model.run(5s).per_sec > 4500);
    }
}

TEST_CASE("after an outage sending begins with little and is back within ten seconds") {
    Behaviour const well{.distance = 20ms};
    DestinationModel model(adaptive(most), 1);
    model.behave(well);
    auto const before = model.run(10s);
    model.behave({.distance = 20ms, .fails = 1});
    std::ignore = model.run(20s);
    CHECK(model.gate().is_closed());
    model.behave(well);
    auto const ramp = model.run(10s);
    CHECK(ramp.limit_min <= 2);
    CHECK(model.run(2s).per_sec > 0.9 * before.per_sec);
    CHECK(changes(model, ConcurrencyChange::recovered) > 0);
}

TEST_CASE(
    "a destination that throttled everything for a while gets what it got before, in seconds") {
    Behaviour const well{.distance = 5ms};
    for (std::uint32_t const limit_max : {16U, most}) {
        CAPTURE(limit_max);
        DestinationModel model(adaptive(limit_max), 1);
        model.behave(well);
        auto const before = model.run(15s);
        model.behave({.distance = 5ms, .per_sec = 0.001});
        auto const storm = model.run(10s);
        CHECK(storm.limit_min <= 2);
        model.behave(well);
        std::ignore = model.run(5s);
        CHECK(model.run(2s).per_sec > 0.9 * before.per_sec);
    }
}

TEST_CASE("Milvus's few requests in flight are followed too") {
    auto const far = best_fixed({.distance = 200ms}, 8, phase);
    DestinationModel model(adaptive(8), 1);
    model.behave({.distance = 200ms});
    CHECK(model.run(phase).per_sec > 0.9 * far);
    model.behave({.distance = 2s});
    CHECK(model.run(4 * phase).per_sec > 0.9 * far / 10);
    model.behave({.distance = 200ms});
    std::ignore = model.run(10s);
    CHECK(model.run(phase).per_sec > 0.9 * far);
}

TEST_CASE("a fixed limit stays whatever happens") {
    flow::ConcurrencyLimit limit(false, 7);
    TimePoint const now{1h};
    limit.on_throttled({.in_flight = 7, .now = now});
    limit.on_failure({.in_flight = 7, .now = now});
    limit.restart(now);
    limit.on_success({.took = 1ms, .in_flight = 7, .now = now});
    CHECK(limit.limit() == 7);
    CHECK(limit.begin(now) == 0);
}
