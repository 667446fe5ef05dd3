#include "intake_world.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using namespace headrace::flow_test;
using flow::Fate;

namespace {

flow::Slot start(IntakeWorld& world, int records) {
    auto const slot = world.source.add("clicks", 0);
    for (int i = 0; i < records; ++i) {
        world.source.produce(slot, "k" + std::to_string(i), "v");
    }
    world.source.assign({slot});
    world.step();
    return slot;
}

}  // namespace

TEST_CASE("records are read, and only the contiguous prefix of settled ones is committed") {
    IntakeWorld world;
    auto const slot = start(world, 3);
    REQUIRE(world.lane.size() == 3);
    CHECK(world.notices == 1);  // Once for the burst.
    auto first = std::move(world.lane.front());
    world.lane.pop_front();
    world.answer(Fate::written);
    world.answer(Fate::written);
    world.clock.advance(1s);
    world.settle_down();
    CHECK(world.source.log(slot).committed <= 0);
    world.clock.advance(1s);
    world.give_back(std::move(first.record), Fate::written);
    world.settle_down();
    CHECK(world.source.log(slot).committed == 3);
    auto const picture = world.picture();
    CHECK(picture.read == 3);
    CHECK(picture.written == 3);
    CHECK(picture.in_flight_records == 0);
    CHECK(picture.in_flight_bytes == 0);
    CHECK(picture.unaccounted == 0);
    CHECK(picture.joined);
}

TEST_CASE("under load commits come at their interval, and at once when nothing is open") {
    IntakeWorld world;
    auto const slot = start(world, 10);
    world.answer(Fate::written);
    world.settle_down();
    CHECK(world.source.commits.size() == 1);
    world.answer(Fate::written);
    world.settle_down();
    CHECK(world.source.commits.size() == 1);
    world.clock.advance(100ms);
    world.settle_down();
    CHECK(world.source.commits.size() == 2);
    world.clock.advance(10ms);
    world.answer_all(Fate::written);
    world.settle_down();
    CHECK(world.source.log(slot).committed == 10);
}

TEST_CASE("a route that falls idle again and again commits ten times in an interval at most") {
    IntakeWorld world;
    auto const slot = start(world, 0);
    for (int millisecond = 0; millisecond != 100; ++millisecond) {
        world.source.produce(slot, "k", "v");
        world.step();
        world.answer_all(Fate::written);
        world.settle_down();
        world.clock.advance(1ms);
    }
    CHECK(world.source.commits.size() <= 11);
    CHECK(world.step() <= world.clock.now() + 10ms);
    world.clock.advance(10ms);
    world.settle_down();
    CHECK(world.source.log(slot).committed == 100);
    // Then nothing is left to do but the heartbeats.
    world.clock.advance(10ms);
    CHECK(world.step() == world.clock.now() + 500ms);
}

TEST_CASE("skipped records settle and are counted by reason") {
    IntakeWorld world;
    auto const slot = start(world, 2);
    world.answer(Fate::tombstone);
    world.answer(Fate::superseded);
    world.settle_down();
    CHECK(world.source.log(slot).committed == 2);
    auto const picture = world.picture();
    CHECK(picture.skipped_by_reason.at("tombstone") == 1);
    CHECK(picture.skipped_by_reason.at("superseded") == 1);
    CHECK(picture.unaccounted == 0);
}

TEST_CASE("a rejected record is buried before its offset settles") {
    IntakeWorld world;
    auto const slot = start(world, 1);
    world.topic.is_silent = true;
    world.answer(Fate::buried);
    world.clock.advance(1s);
    world.settle_down();
    CHECK(world.source.commits.empty());
    CHECK(world.picture().in_flight_records == 1);
    world.topic.is_silent = false;
    world.settle_down();
    CHECK(world.source.log(slot).committed == 1);
    auto const picture = world.picture();
    CHECK(picture.dead_lettered_by_reason.at("rejected") == 1);
    CHECK(picture.unaccounted == 0);
    CHECK(world.reported("dead_lettered"));
}

TEST_CASE("the lane hears of a buried record, so that its key can go on") {
    IntakeWorld world;
    std::ignore = start(world, 1);
    world.lane.front().record.order_hash = 77;
    world.answer(Fate::buried);
    world.settle_down();
    CHECK(world.orders(flow::LaneMessage::Kind::buried) == 1);
    CHECK(world.lane.back().record.order_hash == 77);
}

TEST_CASE(
    "without a usable dead-letter topic the route stops reading, and goes on when it is there") {
    IntakeWorld world;
    world.topic.produce_error = Error{ErrorCode::kafka, "unknown topic"};
    auto const slot = start(world, 1);
    world.answer(Fate::buried);
    world.settle_down();
    CHECK(world.picture().state == flow::RouteState::stopped);
    CHECK(world.picture().reason.find("offset 0") != std::string::npos);
    CHECK(world.reported("route_stopped"));
    world.source.produce(slot, "k", "later");
    world.settle_down();
    CHECK_FALSE(world.has_records());
    world.topic.produce_error.reset();
    world.clock.advance(5s);
    world.settle_down();
    CHECK(world.picture().state == flow::RouteState::flowing);
    CHECK(world.has_records());
    CHECK(world.source.log(slot).committed == 1);
}

TEST_CASE(
    "reading stops at the memory limit and goes on as records settle, but an empty route takes any "
    "record") {
    IntakeWorld world;
    world.settings.memory_bytes = 10'000;
    auto const slot = world.source.add("clicks", 0);
    for (int i = 0; i < 100; ++i) {
        world.source.produce(slot, "k", std::string(100'000, 'x'));
    }
    world.source.assign({slot});
    // One burst may be read before the limit is looked at again.
    world.step();
    auto const before = world.lane.size();
    CHECK(before >= 1);
    CHECK(before <= 256);
    world.settle_down();
    CHECK(world.lane.size() == before);
    CHECK(world.link.wake_at.load() == 0);
    CHECK(world.intake->prepare_to_sleep());
    CHECK(world.link.wake_at.load() != 0);
    world.answer_all(Fate::written);
    CHECK_FALSE(world.intake->prepare_to_sleep());
}

TEST_CASE("for open records the bodies in which they may be sent are kept free") {
    IntakeWorld world;
    world.settings.memory_bytes = 100'000;
    world.settings.batch_bytes = 1 << 20;
    auto const slot = world.source.add("clicks", 0);
    for (int i = 0; i < 200; ++i) {
        world.source.produce(slot, "k", std::string(1000, 'x'));
    }
    world.source.assign({slot});
    world.settle_down();
    CHECK(world.picture().in_flight_bytes >= 40'000);
    CHECK(world.picture().in_flight_bytes <= 55'000);
}

TEST_CASE("many partitions may run ahead only as far as their trackers fit the memory") {
    IntakeWorld world;
    world.settings.uncommitted_records_max = 100'000;
    world.settings.memory_bytes = 1 << 20;
    std::vector<flow::Slot> slots;
    for (int i = 0; i < 9; ++i) {
        slots.push_back(world.source.add("clicks", i));
    }
    for (int i = 0; i < 5000; ++i) {
        world.source.produce(slots.front(), "k", "v");
    }
    world.source.assign(slots);
    world.settle_down();
    // The first record stays open while those after it are settled.
    auto stuck = std::move(world.lane.front());
    world.lane.pop_front();
    for (int i = 0; i < 100; ++i) {
        world.answer_all(Fate::written);
        world.settle_down();
    }
    CHECK(world.source.log(slots.front()).is_held);
    CHECK(world.picture().read <= 400);
    world.give_back(std::move(stuck.record), Fate::written);
    for (int i = 0; i < 100; ++i) {
        world.settle_down();
        world.answer_all(Fate::written);
    }
    CHECK(world.picture().read == 5000);
}

TEST_CASE("encoded bodies and the prefetch count in the memory limit") {
    IntakeWorld world;
    auto const slot = start(world, 1);
    world.held_bytes = world.settings.memory_bytes;
    world.source.produce(slot, "k", "v");
    world.settle_down();
    CHECK(world.lane.size() == 1);
    world.held_bytes = 0;
    world.source.prefetch_bytes = world.settings.memory_bytes;
    world.settle_down();
    CHECK(world.lane.size() == 1);
    world.source.prefetch_bytes = 0;
    world.settle_down();
    CHECK(world.lane.size() == 2);
}

TEST_CASE(
    "reading runs at most uncommitted_records_max ahead of the first open record of a partition") {
    IntakeWorld world;
    world.settings.uncommitted_records_max = 50;
    auto const slot = world.source.add("clicks", 0);
    auto const other = world.source.add("clicks", 1);
    for (int i = 0; i < 200; ++i) {
        world.source.produce(slot, "k", "v");
        if (i < 20) world.source.produce(other, "k", "v");
    }
    world.source.assign({slot, other});
    world.settle_down();
    CHECK(world.lane.size() == 70);
    CHECK(world.source.log(slot).is_held);
    CHECK_FALSE(world.source.log(other).is_held);
}

TEST_CASE("a partition that ran too far ahead is read again well below the limit") {
    IntakeWorld world;
    world.settings.uncommitted_records_max = 40;
    auto const slot = world.source.add("clicks", 0);
    for (int i = 0; i < 100; ++i) {
        world.source.produce(slot, "k", "v");
    }
    world.source.assign({slot});
    world.settle_down();
    REQUIRE(world.source.log(slot).is_held);
    auto const settle = [&](int count) {
        for (int i = 0; i < count; ++i) {
            world.answer(flow::Fate::written);
        }
        world.settle_down();
    };
    settle(9);
    CHECK(world.source.log(slot).is_held);
    CHECK(world.picture().read == 40);
    settle(2);
    CHECK(world.picture().read == 51);
}

TEST_CASE("a blocked destination stops reading, a broken one does not") {
    IntakeWorld world;
    auto const slot = start(world, 1);
    Random random(1);
    world.gate.on_blocked({false, world.clock.now(), world.clock.wall()}, "401", random);
    world.source.produce(slot, "k", "v");
    world.settle_down();
    CHECK(world.lane.size() == 1);
    CHECK(world.picture().state == flow::RouteState::blocked);
    world.gate.on_success({true, world.clock.now(), world.clock.wall()});
    for (int i = 0; i < 5; ++i) {
        world.gate.on_failure({false, world.clock.now(), world.clock.wall()}, std::nullopt, "503",
                              random);
    }
    world.settle_down();
    CHECK(world.lane.size() == 2);
    CHECK(world.picture().state == flow::RouteState::broken);
}

TEST_CASE("reading stops when a missing target's records fill half of the memory") {
    IntakeWorld world;
    auto const slot = start(world, 1);
    world.stats.blocked_bytes = world.settings.memory_bytes / 2 + 1;
    world.source.produce(slot, "k", "v");
    world.settle_down();
    CHECK(world.lane.size() == 1);
    world.stats.blocked_bytes = 0;
    world.settle_down();
    CHECK(world.lane.size() == 2);
}

TEST_CASE("a full ring loses nothing: reading waits for room, and orders queue up") {
    IntakeWorld world;
    auto const slot = world.source.add("clicks", 0);
    for (int i = 0; i < 5000; ++i) {
        world.source.produce(slot, "k" + std::to_string(i), "v");
    }
    world.settings.uncommitted_records_max = 100000;
    world.settings.memory_bytes = 1 << 30;
    world.source.assign({slot});
    std::size_t total = 0;
    for (int i = 0; i < 100 && total < 5000; ++i) {
        world.step();
        CHECK(world.lane.size() <= flow::LaneLink::inbound_capacity);
        total += world.lane.size();
        world.answer_all(Fate::written);
    }
    CHECK(total == 5000);
    world.clock.advance(10ms);
    world.settle_down();
    CHECK(world.source.log(slot).committed == 5000);
}

TEST_CASE("the lane is notified when the outbound ring had no room for it") {
    IntakeWorld world;
    std::ignore = start(world, 1);
    auto const before = world.notices;
    world.link.is_outbound_blocked = true;
    world.step();
    CHECK(world.notices == before + 1);
    CHECK_FALSE(world.link.is_outbound_blocked.load());
}

TEST_CASE("reading that waits for room goes on when there is room for many") {
    IntakeWorld world;
    auto const slot = world.source.add("clicks", 0);
    for (int i = 0; i < 2'000; ++i)
        world.source.produce(slot, "k", "v");
    world.source.assign({slot});
    world.settle_down();
    world.link.is_idle = false;
    world.stats.backlog_records = 1'000'000;
    world.step();
    CHECK(world.intake->prepare_to_sleep());
    auto const wake_at = world.link.wake_at.load();
    CHECK(wake_at > 50);
    CHECK(wake_at <= 256);
    for (std::size_t i = 1; i < wake_at; ++i)
        world.answer(Fate::written);
    CHECK(world.intake->prepare_to_sleep());
    world.answer(Fate::written);
    CHECK_FALSE(world.intake->prepare_to_sleep());
}

TEST_CASE("the intake sleeps until something is due, at most half a second") {
    IntakeWorld world;
    auto const slot = world.source.add("clicks", 0);
    world.source.assign({slot});
    world.step();
    CHECK(world.step() == world.clock.now() + 500ms);
    CHECK(world.intake->prepare_to_sleep());
    CHECK(world.link.wake_at.load() == 0);
    world.source.produce(slot, "k", "v");
    CHECK(world.step() == world.clock.now() + 100ms);
}

TEST_CASE("the intake asks to be woken when the last open record is settled") {
    IntakeWorld world;
    std::ignore = start(world, 2);
    world.link.is_idle = false;
    CHECK(world.intake->prepare_to_sleep());
    CHECK(world.link.wants_idle_wake.load());
    CHECK(world.link.wake_at.load() == 0);
    world.answer(Fate::written);
    CHECK(world.intake->prepare_to_sleep());  // Under load the interval is soon enough.
    world.answer(Fate::written);
    world.link.is_idle = true;
    CHECK_FALSE(world.intake->prepare_to_sleep());
    world.step();
    CHECK(world.intake->prepare_to_sleep());
}

TEST_CASE("rates are counted over about a second") {
    IntakeWorld world;
    auto const slot = start(world, 100);
    world.answer_all(Fate::written);
    world.settle_down();
    world.clock.advance(1s);
    world.step();
    CHECK(world.picture().written_per_sec == 100);
    world.clock.advance(2s);
    world.step();
    CHECK(world.picture().written_per_sec == 0);
    std::ignore = slot;
}

TEST_CASE("the offset that holds a commit back says how often it was tried and why it failed") {
    IntakeWorld world;
    world.source.add("clicks", 0);
    world.source.produce(0, "a", "1");
    world.source.produce(0, "b", "2");
    world.source.assign({0});
    world.settle_down();
    auto blocking = world.picture().partitions.at(0).blocking;
    REQUIRE(blocking);
    CHECK(blocking->attempts == 0);
    CHECK(blocking->error.empty());
    world.stats.troubles.note(0, 1, {7, "of another record"});
    world.stats.troubles.note(0, 0, {3, "503: try later"});
    blocking = world.picture().partitions.at(0).blocking;
    CHECK(blocking->attempts == 3);
    CHECK(blocking->error == "503: try later");

    // On its way to a dead-letter topic that does not answer.
    world.topic.is_silent = true;
    world.stats.troubles.forget(0, 0);
    world.answer(Fate::buried);
    world.settle_down();
    blocking = world.picture().partitions.at(0).blocking;
    REQUIRE(blocking);
    CHECK(blocking->error == "to be dead-lettered, bad");
}
