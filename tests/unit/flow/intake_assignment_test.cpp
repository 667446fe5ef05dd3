#include "intake_world.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using namespace headrace::flow_test;
using flow::Fate;
using Kind = flow::LaneMessage::Kind;

namespace {

/// Two partitions with `records` each, assigned and read.
void start(IntakeWorld& world, int records) {
    for (std::int32_t partition = 0; partition < 2; ++partition) {
        auto const slot = world.source.add("clicks", partition);
        for (int i = 0; i < records; ++i) {
            world.source.produce(slot, "k" + std::to_string(i), "v");
        }
    }
    world.source.assign({0, 1});
    world.settle_down();
}

/// Answers the records of one slot.
void answer_slot(IntakeWorld& world, flow::Slot slot, Fate fate) {
    std::deque<flow::LaneMessage> others;
    for (auto& message : world.lane) {
        if (message.kind == Kind::record && message.record.ticket.slot == slot) {
            world.give_back(std::move(message.record), fate);
        } else {
            others.push_back(std::move(message));
        }
    }
    world.lane = std::move(others);
}

}  // namespace

TEST_CASE("a revoked partition is drained, committed and then given back") {
    IntakeWorld world;
    start(world, 5);
    world.source.revoke({0});
    world.step();
    CHECK(world.orders(Kind::revoke) == 1);
    world.source.produce(0, "k", "not to be read any more");
    world.settle_down();
    CHECK(world.source.released.empty());
    answer_slot(world, 0, Fate::written);
    world.settle_down();
    CHECK(world.source.released == std::vector<flow::Slot>{0});
    CHECK(world.source.log(0).committed == 5);
    CHECK(world.picture().partitions.size() == 1);
    CHECK(world.picture().unaccounted == 0);
}

TEST_CASE("what was never sent is returned, and the commit stays before it") {
    IntakeWorld world;
    start(world, 3);
    world.source.revoke({0});
    world.step();
    std::deque<flow::LaneMessage> others;
    int given = 0;
    for (auto& message : world.lane) {
        if (message.kind != Kind::record || message.record.ticket.slot != 0) continue;
        world.give_back(std::move(message.record), given++ == 0 ? Fate::written : Fate::revoked);
    }
    world.settle_down();
    CHECK(world.source.log(0).committed == 1);
    CHECK(world.source.released == std::vector<flow::Slot>{0});
    auto const picture = world.picture();
    CHECK(picture.returned_by_reason.at("revoked") == 2);
    CHECK(picture.unaccounted == 0);
}

TEST_CASE(
    "a revocation ends at its deadline, and what comes later is neither counted nor committed") {
    IntakeWorld world;
    start(world, 2);
    world.source.revoke({0});
    world.step();
    world.clock.advance(5s);
    world.settle_down();
    CHECK(world.source.released == std::vector<flow::Slot>{0});
    CHECK(world.picture().returned_by_reason.at("revoked") == 2);
    world.source.assign({0});
    world.step();
    auto const commits = world.source.commits.size();
    answer_slot(world, 0, Fate::written);  // Those of the old epoch and of the new one.
    world.settle_down();
    CHECK(world.picture().written == 2);
    CHECK(world.picture().unaccounted == 0);
    CHECK(world.source.log(0).committed == 2);
    CHECK(world.source.commits.size() == commits + 1);
}

TEST_CASE("while the group forms anew nothing is committed, and afterwards everything settled is") {
    IntakeWorld world;
    start(world, 4);
    world.source.accepts_commits = false;
    world.answer_all(Fate::written);
    world.settle_down();
    CHECK(world.source.commits.empty());
    // It looks again by itself, although nothing else is left to do.
    auto const next = world.step();
    CHECK(next <= world.clock.now() + world.settings.commit_interval);
    world.source.accepts_commits = true;
    world.clock.advance(world.settings.commit_interval);
    world.settle_down();
    CHECK(world.source.log(0).committed == 4);
    world.clock.advance(world.settings.commit_interval);
    CHECK(world.step() > world.clock.now() + world.settings.commit_interval);
}

TEST_CASE("nothing is committed for a partition that was lost") {
    IntakeWorld world;
    start(world, 2);
    world.source.lose({0});
    world.step();
    CHECK(world.orders(Kind::revoke) == 1);
    answer_slot(world, 0, Fate::written);
    world.settle_down();
    CHECK(world.source.log(0).committed == -1);
    CHECK(world.picture().returned_by_reason.at("lost") == 2);
    CHECK(world.picture().unaccounted == 0);
    CHECK_FALSE(world.picture().joined);
    CHECK(world.reported("assignment_lost"));
}

TEST_CASE("a loss in the middle of a revocation ends it") {
    IntakeWorld world;
    start(world, 2);
    world.source.revoke({0, 1});
    world.step();
    world.source.lose({0, 1});
    world.settle_down();
    world.clock.advance(10s);
    world.settle_down();
    CHECK(world.source.released.empty());
    CHECK(world.picture().partitions.empty());
}

TEST_CASE("a second revocation while the first is drained joins it") {
    IntakeWorld world;
    start(world, 1);
    world.source.revoke({0});
    world.step();
    world.source.revoke({1});
    world.step();
    world.answer_all(Fate::written);
    world.settle_down();
    CHECK(world.source.released == std::vector<flow::Slot>{0, 1});
}

TEST_CASE(
    "a dead letter under way holds the revocation; one that cannot start does not outlive the "
    "deadline") {
    IntakeWorld world;
    start(world, 1);
    world.topic.is_silent = true;
    world.source.revoke({0});
    world.step();
    answer_slot(world, 0, Fate::buried);
    world.settle_down();
    CHECK(world.source.released.empty());
    world.clock.advance(5s);
    world.settle_down();
    CHECK(world.source.released == std::vector<flow::Slot>{0});
    world.topic.is_silent = false;
    world.settle_down();
    CHECK(world.picture().dead_lettered_by_reason.empty());
    CHECK(world.picture().unaccounted == 0);
    CHECK(world.picture().in_flight_bytes > 0);  // The other partition's.
}

TEST_CASE("a failed commit is told, tried again, and nothing is taken as committed") {
    IntakeWorld world;
    start(world, 1);
    world.source.commit_error = Error{ErrorCode::kafka, "coordinator is loading"};
    world.answer_all(Fate::written);
    world.settle_down();
    CHECK(world.picture().partitions[0].committed == -1);
    CHECK(world.reported("commit_failed"));
    world.source.commit_error.reset();
    world.clock.advance(100ms);
    world.settle_down();
    CHECK(world.source.log(0).committed == 1);
    CHECK(world.picture().partitions[0].committed == 1);
}

TEST_CASE("control records behind the last record are committed past and are not lag") {
    IntakeWorld world;
    start(world, 3);
    world.source.log(0).trailing = 2;
    world.answer_all(Fate::written);
    world.settle_down();
    CHECK(world.source.log(0).committed == 5);
    CHECK(world.picture().partitions[0].lag_records == 0);
}

TEST_CASE("the drain gives back, waits, commits and is clean") {
    IntakeWorld world;
    start(world, 2);
    world.intake->drain(world.clock.now() + 10s);
    CHECK(world.source.wakes == 1);
    world.step();
    CHECK(world.orders(Kind::drain) == 1);
    answer_slot(world, 0, Fate::written);
    world.settle_down();
    CHECK_FALSE(world.intake->is_drained());
    answer_slot(world, 1, Fate::drained);
    world.settle_down();
    REQUIRE(world.intake->is_drained());
    CHECK(world.intake->was_clean());
    CHECK(world.source.log(0).committed == 2);
    CHECK(world.source.log(1).committed == -1);
    CHECK(world.picture().returned_by_reason.at("drained") == 2);
    CHECK(world.picture().unaccounted == 0);
}

TEST_CASE("a drain that runs out of time commits what is settled and is not clean") {
    IntakeWorld world;
    start(world, 2);
    answer_slot(world, 0, Fate::written);
    world.intake->drain(world.clock.now() + 10s);
    world.settle_down();
    CHECK_FALSE(world.intake->is_drained());
    world.clock.advance(10s);
    world.settle_down();
    REQUIRE(world.intake->is_drained());
    CHECK_FALSE(world.intake->was_clean());
    CHECK(world.source.log(0).committed == 2);
    CHECK(world.source.log(1).committed == -1);
    CHECK(world.picture().unaccounted == 0);
}

TEST_CASE("a drain waits for the requests of a partition that was lost before it") {
    IntakeWorld world;
    start(world, 1);
    world.source.lose({0});
    world.settle_down();
    world.intake->drain(world.clock.now() + 10s);
    world.settle_down();
    CHECK_FALSE(world.intake->is_drained());
    world.answer_all(Fate::written);
    world.settle_down();
    REQUIRE(world.intake->is_drained());
    CHECK(world.intake->was_clean());
}

TEST_CASE("a drain whose last commit is not confirmed is not clean") {
    IntakeWorld world;
    start(world, 1);
    world.source.answers_commits = false;
    world.answer_all(Fate::written);
    world.intake->drain(world.clock.now() + 10s);
    world.settle_down();
    CHECK_FALSE(world.intake->is_drained());
    world.clock.advance(10s);
    world.settle_down();
    CHECK(world.intake->is_drained());
    CHECK_FALSE(world.intake->was_clean());
}

TEST_CASE("a stopped route drains cleanly: the record is given back") {
    IntakeWorld world;
    world.has_topic = false;
    start(world, 1);
    answer_slot(world, 0, Fate::buried);
    answer_slot(world, 1, Fate::written);
    world.settle_down();
    CHECK(world.picture().state == flow::RouteState::stopped);
    world.intake->drain(world.clock.now() + 10s);
    world.settle_down();
    REQUIRE(world.intake->is_drained());
    CHECK(world.intake->was_clean());
    CHECK(world.source.log(0).committed == -1);
    CHECK(world.picture().unaccounted == 0);
}

TEST_CASE("an empty assignment means that the group was joined") {
    IntakeWorld world;
    world.source.assign({});
    world.step();
    CHECK(world.picture().joined);
    CHECK(world.picture().partitions.empty());
}

TEST_CASE("expired records, trouble and recovery are told and counted") {
    IntakeWorld world;
    start(world, 1);
    flow::TopicPartition const origin{"clicks", 0, 1};
    world.source.tell([&](flow::SourceListener& listener) {
        listener.on_expired(origin, 10, 25);
        listener.on_trouble({ErrorCode::connection, "all brokers are down"});
    });
    world.step();
    CHECK(world.picture().expired_by_topic.at("clicks") == 15);
    CHECK(world.picture().trouble == "all brokers are down");
    CHECK(world.reported("records_expired"));
    world.source.tell([](flow::SourceListener& listener) { listener.on_recovered(); });
    world.step();
    CHECK(world.picture().trouble.empty());
}

TEST_CASE("the picture names the blocking offset and the lag") {
    IntakeWorld world;
    start(world, 3);
    world.clock.advance(2s);
    auto const picture = world.picture();
    REQUIRE(picture.partitions.size() == 2);
    auto const& partition = picture.partitions[0];
    CHECK(partition.lag_records == 3);
    CHECK(partition.end == 3);
    REQUIRE(partition.blocking);
    CHECK(partition.blocking->offset == 0);
    CHECK(partition.blocking->age_secs == 2);
    CHECK(partition.lag_secs > 0);
}

TEST_CASE("a source that goes back is followed: what is open is returned, and commits begin anew") {
    IntakeWorld world;
    start(world, 3);
    answer_slot(world, 0, Fate::written);
    world.settle_down();
    CHECK(world.source.log(0).committed == 3);
    world.source.produce(0, "k", "of the old topic");
    world.settle_down();
    world.source.log(0).position = 0;  // The topic was made anew.
    world.settle_down();
    CHECK(world.reported("rewound"));
    CHECK(world.picture().returned_by_reason.at("rewound") == 1);
    CHECK(world.picture().unaccounted == 0);
    std::deque<flow::LaneMessage> messages;
    for (auto& message : world.lane) {
        if (message.kind == Kind::record && message.record.ticket.slot == 0)
            messages.push_back(std::move(message));
    }
    REQUIRE(messages.size() == 5);  // The old one, and four read again.
    world.give_back(std::move(messages[0].record), Fate::written);
    world.give_back(std::move(messages[1].record), Fate::written);
    world.clock.advance(1s);
    world.settle_down();
    CHECK(world.source.log(0).committed == 1);
    CHECK(world.picture().unaccounted == 0);
}
