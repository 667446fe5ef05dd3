#include "delivery_world.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <set>

using namespace headrace;
using namespace headrace::flow_test;
using flow::FailureReason;
using flow::Fate;

namespace {

/// Gives `count` records of different keys.
void fill(DeliveryWorld& world, int count) {
    for (int i = 0; i < count; ++i) {
        world.give(world.clicks, "k" + std::to_string(i), std::to_string(i));
    }
    world.clock.advance(50ms);
}

}  // namespace

TEST_CASE("a failed batch is sent again as it was, with growing waits, and keeps its permit") {
    DeliveryWorld world;
    fill(world, 3);
    auto attempt = world.next();
    REQUIRE(attempt);
    world.finish(*attempt, DeliveryWorld::failed());
    CHECK(world.gate.permits_taken() == 1);
    world.clock.advance(200ms);  // At most the first wait.
    attempt = world.next();
    REQUIRE(attempt);
    CHECK(attempt->effective.size() == 3);
    world.finish(*attempt, DeliveryWorld::delivered());
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 3}});
    CHECK(world.gate.permits_taken() == 0);
    CHECK(world.stats.retried_records[static_cast<std::size_t>(FailureReason::server_error)]
              .value() == 3);
    CHECK(world.stats.write_errors[static_cast<std::size_t>(FailureReason::server_error)].value() ==
          1);
}

TEST_CASE("past max_retries a batch is held without a permit, and never dropped") {
    DeliveryWorld world;
    world.settings.max_retries = 2;
    fill(world, 1);
    for (int i = 0; i < 4; ++i) {
        auto const attempt = world.next();
        REQUIRE(attempt);
        world.finish(*attempt, DeliveryWorld::failed());
        world.clock.advance(60s);
    }
    CHECK(world.gate.permits_taken() == 0);
    CHECK(world.fates().empty());
    auto const attempt = world.next();
    REQUIRE(attempt);
    world.finish(*attempt, DeliveryWorld::delivered());
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}});
}

TEST_CASE(
    "with then: dead_letter the records are buried after max_retries, but never for throttling") {
    DeliveryWorld world;
    world.settings.max_retries = 1;
    world.settings.bury_after_retries = true;
    fill(world, 2);
    for (int i = 0; i < 5; ++i) {
        auto const attempt = world.next();
        REQUIRE(attempt);
        world.finish(*attempt, DeliveryWorld::failed(FailureReason::throttled));
        world.clock.advance(60s);
    }
    CHECK(world.fates().empty());
    for (int i = 0; i < 2; ++i) {
        auto const attempt = world.next();
        REQUIRE(attempt);
        world.finish(*attempt, DeliveryWorld::failed());
        world.clock.advance(60s);
    }
    CHECK(world.fates() == std::map<Fate, int>{{Fate::buried, 2}});
    CHECK(world.burials[0]->report.refusal.reason == "retries_exhausted");
    CHECK(world.burials[0]->report.attempts == 7);
    CHECK(world.burials[0]->report.refusal.status == "503");
    CHECK(world.gate.permits_taken() == 0);
}

TEST_CASE("Retry-After holds the whole destination") {
    DeliveryWorld world;
    world.settings.order = flow::Order::none;
    for (int i = 0; i < 20; ++i) {
        world.give(world.clicks, "", "v");
    }
    auto const first = world.next();
    REQUIRE(first);
    auto judgement = DeliveryWorld::failed(FailureReason::throttled);
    judgement.retry_after = 7s;
    world.finish(*first, judgement);
    world.clock.advance(6900ms);
    CHECK_FALSE(world.next());
    CHECK(world.delivery->next_wake(world.clock.now()) == world.clock.now() + 100ms);
    world.clock.advance(100ms);
    CHECK(world.next());
}

TEST_CASE(
    "the poison record of a batch is found by halving, buried alone, and its neighbours are "
    "written") {
    for (int const size : {1, 2, 3, 7, 10}) {
        for (int poison = 0; poison < size; ++poison) {
            DeliveryWorld world;
            fill(world, size);
            int requests = 0;
            std::set<std::string> written;
            while (auto const attempt = world.next()) {
                ++requests;
                auto const values = DeliveryWorld::values(*attempt);
                bool const has_poison =
                    std::find(values.begin(), values.end(), std::to_string(poison)) != values.end();
                if (!has_poison) written.insert(values.begin(), values.end());
                world.finish(*attempt,
                             has_poison ? DeliveryWorld::refused() : DeliveryWorld::delivered());
            }
            CAPTURE(size, poison);
            CHECK(requests - 1 <= 2 * static_cast<int>(std::ceil(std::log2(size))) + 2);
            CHECK(written.size() == static_cast<std::size_t>(size - 1));
            auto const fates = world.fates();
            CHECK(fates.at(Fate::buried) == 1);
            REQUIRE(world.burials.size() == 1);
            CHECK(world.burials[0]->record.value == std::to_string(poison));
            CHECK(world.burials[0]->report.refusal.reason == "rejected");
            CHECK(world.burials[0]->report.refusal.message == "bad record");
            CHECK(world.gate.permits_taken() == 0);
            world.acknowledge_burial(world.burials[0]->record.order_hash);
            CHECK(world.delivery->is_idle());
        }
    }
}

TEST_CASE("a superseded record settles with the one that took its place") {
    DeliveryWorld world;
    world.sink.collapses = true;
    world.give(world.clicks, "a", "old");
    world.give(world.clicks, "a", "new");
    world.clock.advance(50ms);
    auto const attempt = world.next();
    REQUIRE(attempt);
    CHECK(DeliveryWorld::values(*attempt) == std::vector<std::string>{"new"});
    world.finish(*attempt, DeliveryWorld::delivered());
    // The earlier one first, should a crash come in between.
    REQUIRE(world.delivery->outcomes().size() == 2);
    CHECK(world.delivery->outcomes().front().fate == Fate::superseded);
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}, {Fate::superseded, 1}});
}

TEST_CASE("when the superseding record is refused, the one before it is due again") {
    DeliveryWorld world;
    world.sink.collapses = true;
    world.give(world.clicks, "a", "old");
    world.give(world.clicks, "a", "new");
    world.clock.advance(50ms);
    auto attempt = world.next();
    REQUIRE(attempt);
    world.finish(*attempt, DeliveryWorld::refused());
    CHECK(world.fates() == std::map<Fate, int>{{Fate::buried, 1}});
    CHECK(world.burials[0]->record.value == "new");
    attempt = world.next();
    REQUIRE(attempt);
    CHECK(DeliveryWorld::values(*attempt) == std::vector<std::string>{"old"});
    world.finish(*attempt, DeliveryWorld::delivered());
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 1}});
}

TEST_CASE(
    "401 blocks: nothing is dropped, one probe at a time, and all goes on when it is mended") {
    DeliveryWorld world;
    world.settings.order = flow::Order::none;
    for (int i = 0; i < 30; ++i) {
        world.give(world.clicks, "", "v");
    }
    auto const first = world.next();
    auto const second = world.next();
    REQUIRE(first);
    REQUIRE(second);
    world.finish(*first, DeliveryWorld::blocked(flow::BlockScope::destination));
    world.finish(*second, DeliveryWorld::blocked(flow::BlockScope::destination));
    CHECK(world.gate.is_blocked());
    CHECK(world.gate.permits_taken() == 0);
    CHECK_FALSE(world.next());
    world.clock.advance(6s);
    auto const probe = world.next();
    REQUIRE(probe);
    CHECK(probe->is_probe);
    CHECK_FALSE(world.next());
    world.finish(*probe, DeliveryWorld::delivered());
    int written = 10;
    while (auto const attempt = world.next()) {
        written += static_cast<int>(attempt->effective.size());
        world.finish(*attempt, DeliveryWorld::delivered());
    }
    CHECK(written == 30);
    CHECK(world.fates() == std::map<Fate, int>{{Fate::written, 30}});
}

TEST_CASE("after an outage every waiting batch goes at once, without sitting out its backoff") {
    DeliveryWorld world;
    world.settings.order = flow::Order::none;
    world.settings.backoff = {30s, 30s};
    for (int i = 0; i < 40; ++i) {
        world.give(world.clicks, "", "v");
    }
    std::vector<flow::Attempt> attempts;
    while (auto attempt = world.next()) {
        attempts.push_back(*attempt);
    }
    for (auto const& attempt : attempts) {
        world.finish(attempt, DeliveryWorld::failed(FailureReason::connection));
    }
    for (int failures = 4; failures < 5; ++failures) {
        world.clock.advance(30s);
        auto const attempt = world.next();
        REQUIRE(attempt);
        world.finish(*attempt, DeliveryWorld::failed(FailureReason::connection));
    }
    CHECK(world.gate.state(world.clock.now()).state == flow::RouteState::broken);
    world.clock.advance(1200ms);
    auto const probe = world.next();
    REQUIRE(probe);
    CHECK(probe->is_probe);
    world.finish(*probe, DeliveryWorld::delivered());
    CHECK(world.next());
}

TEST_CASE("the first failure's time and the last one's status stand in the report") {
    DeliveryWorld world;
    fill(world, 1);
    auto const first_failure = world.clock.wall();
    auto attempt = world.next();
    REQUIRE(attempt);
    world.finish(*attempt, DeliveryWorld::failed());
    world.clock.advance(10s);
    attempt = world.next();
    REQUIRE(attempt);
    world.finish(*attempt, DeliveryWorld::refused());
    std::ignore = world.fates();
    REQUIRE(world.burials.size() == 1);
    auto const& report = world.burials[0]->report;
    CHECK(report.attempts == 2);
    CHECK(report.first_failure == first_failure);
    CHECK(report.last_failure == world.clock.wall());
    CHECK(report.refusal.status == "400");
}

TEST_CASE(
    "what follows a buried record in its batch and shares its key waits for the dead letter") {
    DeliveryWorld world;
    world.give(world.clicks, "a", "row");
    world.give(world.clicks, "b", "other");
    world.give(world.clicks, "a", "next");
    world.give(world.clicks, "a", "last");
    world.clock.advance(50ms);
    // The four, the first two, the bad one alone.
    for (int i = 0; i < 3; ++i) {
        world.finish(*world.next(), DeliveryWorld::refused());
    }
    CHECK(world.fates() == std::map<Fate, int>{{Fate::buried, 1}});
    auto const other = world.next();
    REQUIRE(other);
    CHECK(DeliveryWorld::values(*other) == std::vector<std::string>{"other"});
    world.finish(*other, DeliveryWorld::delivered());
    world.clock.advance(1s);
    CHECK_FALSE(world.next());
    world.acknowledge_burial(world.burials[0]->record.order_hash);
    world.clock.advance(50ms);
    auto const rest = world.next();
    REQUIRE(rest);
    CHECK(DeliveryWorld::values(*rest) == std::vector<std::string>{"next", "last"});
}

TEST_CASE("the first record of each partition in a failed request is explained while it is open") {
    DeliveryWorld world;
    world.give(world.clicks, "a", "1", 0);
    world.give(world.clicks, "b", "2", 0);
    world.give(world.views, "c", "3", 1);
    world.clock.advance(50ms);
    for (unsigned attempts = 1; attempts <= 2; ++attempts) {
        auto const attempt = world.next();
        REQUIRE(attempt);
        world.finish(*attempt, DeliveryWorld::failed());
        REQUIRE(world.stats.troubles.find(0, 0));
        CHECK(world.stats.troubles.find(0, 0)->attempts == attempts);
        CHECK(world.stats.troubles.find(0, 0)->error == "503: try later");
        CHECK(world.stats.troubles.find(1, 2));
        CHECK_FALSE(world.stats.troubles.find(0, 1));
        world.clock.advance(1s);
    }
    auto const attempt = world.next();
    REQUIRE(attempt);
    world.finish(*attempt, DeliveryWorld::delivered());
    CHECK_FALSE(world.stats.troubles.find(0, 0));
    CHECK_FALSE(world.stats.troubles.find(1, 2));
}

TEST_CASE("several poison records of a large batch cost no more than a search for each") {
    for (std::size_t const size : {100U, 512U, 1000U}) {
        for (std::set<std::string> const& poisons :
             {std::set<std::string>{"0"}, {"99"}, {"3", "4"}, {"0", "17", "50", "98"}}) {
            DeliveryWorld world;
            world.settings.batch_size = size;
            fill(world, static_cast<int>(size));
            int requests = 0;
            while (auto const attempt = world.next()) {
                ++requests;
                auto const values = DeliveryWorld::values(*attempt);
                bool const is_refused =
                    std::any_of(values.begin(), values.end(),
                                [&](std::string const& value) { return poisons.contains(value); });
                world.finish(*attempt,
                             is_refused ? DeliveryWorld::refused() : DeliveryWorld::delivered());
            }
            CAPTURE(size, poisons.size());
            auto const bound =
                static_cast<int>(poisons.size()) *
                (2 * static_cast<int>(std::ceil(std::log2(static_cast<double>(size)))) + 2);
            CHECK(requests - 1 <= bound);
            auto const fates = world.fates();
            CHECK(fates.at(Fate::buried) == static_cast<int>(poisons.size()));
            CHECK(fates.at(Fate::written) == static_cast<int>(size - poisons.size()));
            CHECK(world.gate.permits_taken() == 0);
        }
    }
}
