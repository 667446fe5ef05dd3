#include "delivery_world.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <set>

using namespace headrace;
using namespace headrace::flow_test;
using flow::FailureReason;
using flow::Fate;
using flow::RouteState;

namespace {

/// A route on which a request with the value "poison" fails in a way that may pass, while others of
/// another key come along and are written.
struct SuspectWorld : DeliveryWorld {
    SuspectWorld() {
        settings.max_retries = 1;
        settings.backoff = {100ms, 1s};
        settings.suspect_after = 5;
        settings.suspect_time = 60s;
        settings.buries_suspects = true;
        settings.batch_size = 8;
    }

    std::set<std::string> written;
    int failures = 0;
    FailureReason reason = FailureReason::server_error;
    bool has_traffic = true;
    std::string other_value = "other";

    void serve() {
        while (auto const attempt = next()) {
            auto const sent = values(*attempt);
            bool const fails = std::find(sent.begin(), sent.end(), "poison") != sent.end();
            failures += fails ? 1 : 0;
            if (!fails) written.insert(sent.begin(), sent.end());
            finish(*attempt, fails ? failed(reason) : delivered());
        }
    }
    /// Lets time pass in steps, with a written request of the same source in each.
    void pass(Duration time) {
        for (auto const end = clock.now() + time; clock.now() < end; clock.advance(500ms)) {
            if (has_traffic) give(other_topic ? views : clicks, "", other_value);
            clock.advance(50ms);
            serve();
        }
    }
    bool other_topic = false;
    void give_batch() {
        for (int i = 0; i < 8; ++i) {
            give(clicks, "k" + std::to_string(i), i == 5 ? "poison" : "v" + std::to_string(i));
        }
        serve();
    }
    RouteState state() { return gate.state(clock.now()).state; }
};

}  // namespace

TEST_CASE(
    "a record that makes the server fail while others are written is found by halving, its "
    "neighbours are written, and alone it is given up") {
    SuspectWorld world;
    world.give_batch();
    world.pass(50s);
    CHECK(world.written.size() == 8);  // Seven neighbours and the others.
    CHECK(world.fates().count(Fate::buried) == 0);
    CHECK(world.state() == RouteState::suspect);
    CHECK(world.gate.state(world.clock.now()).reason.find("while others are written") !=
          std::string::npos);
    world.pass(60s);
    CHECK(world.fates().at(Fate::buried) == 1);
    REQUIRE(world.burials.size() == 1);
    auto const& report = world.burials[0]->report;
    CHECK(world.burials[0]->record.value == "poison");
    CHECK(report.refusal.reason == "suspect");
    CHECK(report.refusal.stage == flow::Stage::write);
    CHECK(report.refusal.status == "503");
    CHECK(report.attempts >= 5);
    CHECK(world.state() == RouteState::flowing);
    CHECK(world.gate.permits_taken() == 0);
    world.acknowledge_burial(world.burials[0]->record.order_hash);
    world.clock.advance(50ms);
    world.serve();
    CHECK(world.delivery->is_idle());
}

TEST_CASE("while nothing else is written nobody is suspected") {
    SuspectWorld world;
    world.has_traffic = false;
    world.give_batch();
    world.pass(300s);
    CHECK(world.written.empty());
    CHECK(world.fates().empty());
    CHECK(world.state() != RouteState::suspect);
}

TEST_CASE("what is written to another source is no evidence") {
    SuspectWorld world;
    world.sink.wanted_shape.targets_max = 1;
    world.other_topic = true;
    world.give_batch();
    world.pass(300s);
    CHECK(world.written == std::set<std::string>{"other"});
    CHECK(world.fates().count(Fate::buried) == 0);
    CHECK(world.state() == RouteState::flowing);
}

TEST_CASE("throttling, connect and TLS errors never make a suspect") {
    for (auto const reason :
         {FailureReason::throttled, FailureReason::connection, FailureReason::tls}) {
        SuspectWorld world;
        world.reason = reason;
        world.give_batch();
        world.pass(300s);
        CAPTURE(flow::to_string(reason));
        if (reason != FailureReason::throttled) {
            CHECK(world.written == std::set<std::string>{"other"});
        }
        CHECK(world.fates().count(Fate::buried) == 0);
        CHECK(world.state() != RouteState::suspect);
    }
}

TEST_CASE("a record alone is not given up before suspect_secs nor before suspect_after attempts") {
    SuspectWorld world;
    world.settings.batch_size = 1;
    world.settings.suspect_time = 0s;
    world.settings.suspect_after = 20;
    world.give(world.clicks, "k", "poison");
    while (world.failures < 20) {
        world.pass(1s);
        CHECK(world.fates().count(Fate::buried) == 0);
    }
    world.pass(5s);
    CHECK(world.failures == 20);
    CHECK(world.fates().count(Fate::buried) == 1);
}

TEST_CASE("after each of its last three failures something else must have been written") {
    SuspectWorld world;
    world.settings.suspect_time = 10s;
    world.give(world.clicks, "k", "poison");
    world.pass(8s);
    world.has_traffic = false;
    world.pass(60s);
    CHECK(world.fates().count(Fate::buried) == 0);
    world.has_traffic = true;
    world.pass(20s);
    CHECK(world.fates().count(Fate::buried) == 1);
}

TEST_CASE("0 turns it off, and without a dead-letter topic nothing is given up") {
    for (bool const is_off : {true, false}) {
        SuspectWorld world;
        world.settings.suspect_after = is_off ? 0 : 5;
        world.settings.buries_suspects = false;
        world.give_batch();
        world.pass(300s);
        CHECK(world.fates().count(Fate::buried) == 0);
        CHECK(world.written.size() == (is_off ? 1 : 8));
        CHECK(world.state() == RouteState::suspect);
    }
}

TEST_CASE("a suspect that is written after all, or given back, is no longer one") {
    SuspectWorld world;
    world.give_batch();
    world.pass(30s);
    CHECK(world.state() == RouteState::suspect);
    world.order(flow::LaneMessage::Kind::revoke);
    world.pass(2s);
    CHECK(world.state() == RouteState::flowing);
    CHECK(world.gate.permits_taken() == 0);
}

TEST_CASE("a batch of suspects keeps the order of its keys when it is halved") {
    SuspectWorld world;
    world.settings.order = flow::Order::partition;
    world.sink.wanted_shape.targets_max = 1;
    world.give(world.clicks, "a", "poison");
    for (int i = 0; i < 7; ++i) {
        world.give(world.clicks, "a", "v" + std::to_string(i));
    }
    for (int i = 0; i < 100; ++i) {
        world.give(world.views, "", "other");
        world.clock.advance(500ms);
        world.serve();
    }
    // Its followers share the partition: none of them overtakes it.
    CHECK(world.written == std::set<std::string>{"other"});
}
