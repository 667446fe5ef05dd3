#include "intake_world.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <set>

using namespace headrace;
using namespace headrace::flow_test;
using flow::Fate;
using flow::OffsetRange;

namespace {

flow::Slot start(IntakeWorld& world, int records) {
    auto const slot = world.source.add("clicks", 0);
    world.source.log(slot).leader_epoch = 3;
    world.source.log(slot).cluster_id = "first";
    for (int i = 0; i < records; ++i) {
        world.source.produce(slot, "k" + std::to_string(i), "v");
    }
    world.source.assign({slot});
    world.step();
    return slot;
}

/// Answers the records of these offsets, and lets the commit go out.
void write(IntakeWorld& world, std::set<flow::Offset> const& offsets) {
    std::deque<flow::LaneMessage> rest;
    for (auto& message : world.lane) {
        if (offsets.contains(message.record.offset)) {
            world.give_back(std::move(message.record), Fate::written);
        } else {
            rest.push_back(std::move(message));
        }
    }
    world.lane = std::move(rest);
    world.clock.advance(100ms);
    world.settle_down();
}

/// What a crash leaves is what was committed; another process reads on.
void restart(IntakeWorld& world, flow::Slot slot) {
    world.lane.clear();
    while (world.link.outbound.try_pop()) {
    }
    world.intake.reset();
    world.source.assign({slot});
    world.settle_down();
}

std::set<flow::Offset> offsets_sent(IntakeWorld const& world) {
    std::set<flow::Offset> offsets;
    for (auto const& message : world.lane) {
        if (message.kind == flow::LaneMessage::Kind::record) offsets.insert(message.record.offset);
    }
    return offsets;
}

std::vector<OffsetRange> committed_ranges(IntakeWorld& world, flow::Slot slot) {
    auto const& metadata = world.source.log(slot).metadata;
    if (metadata.empty()) return {};
    auto const map = flow::read_settled_map(metadata);
    REQUIRE(map.has_value());
    CHECK(map->base == world.source.log(slot).committed);
    return map->ranges;
}

}  // namespace

TEST_CASE("what is settled beyond a stuck record is not written again after a restart") {
    IntakeWorld world;
    auto const slot = start(world, 10);
    write(world, {0, 2, 3, 4, 7});
    CHECK(world.source.log(slot).committed == 1);
    CHECK(committed_ranges(world, slot) == std::vector<OffsetRange>{{2, 4}, {7, 7}});

    restart(world, slot);
    CHECK(offsets_sent(world) == std::set<flow::Offset>{1, 5, 6, 8, 9});
    auto const picture = world.picture();
    CHECK(picture.read == 9);
    CHECK(picture.skipped_by_reason.at("already_settled") == 4);
    CHECK(picture.in_flight_records == 5);
    CHECK(picture.unaccounted == 0);
    write(world, {1, 5, 6, 8, 9});
    CHECK(world.source.log(slot).committed == 10);
    CHECK(world.source.log(slot).metadata.empty());
    CHECK(world.picture().unaccounted == 0);
}

TEST_CASE("a commit goes out when only the map has changed, and none when nothing has") {
    IntakeWorld world;
    auto const slot = start(world, 10);
    write(world, {5});
    CHECK(world.source.log(slot).committed == 0);
    CHECK(committed_ranges(world, slot) == std::vector<OffsetRange>{{5, 5}});
    auto const commits = world.source.commits.size();
    write(world, {6});
    CHECK(committed_ranges(world, slot) == std::vector<OffsetRange>{{5, 6}});
    CHECK(world.source.commits.size() == commits + 1);
    write(world, {});
    write(world, {});
    CHECK(world.source.commits.size() == commits + 1);
}

TEST_CASE("a second crash finds what was settled before the first, although it was not read yet") {
    IntakeWorld world;
    auto const slot = start(world, 1000);
    std::set<flow::Offset> far;
    for (flow::Offset offset = 700; offset != 900; ++offset)
        far.insert(offset);
    while (offsets_sent(world).size() != 1000)
        world.step();
    write(world, far);
    // The lane's ring is full of the first records: reading stops before it comes to the others.
    world.lane.clear();
    world.intake.reset();
    world.settings.uncommitted_records_max = 10;
    world.source.assign({slot});
    world.settle_down();
    REQUIRE(offsets_sent(world).size() == 10);
    write(world, {0, 5});
    CHECK(world.source.log(slot).committed == 1);
    CHECK(committed_ranges(world, slot) == std::vector<OffsetRange>{{5, 5}, {700, 899}});
}

TEST_CASE("the map is given up as soon as the log turns out to be another one") {
    IntakeWorld world;
    auto const slot = start(world, 10);
    write(world, {0, 1, 4, 5, 6});
    SECTION("a later leader wrote the records that are there now") {
        world.source.log(slot).leader_epoch = 4;
        restart(world, slot);
        CHECK(offsets_sent(world) == std::set<flow::Offset>{2, 3, 4, 5, 6, 7, 8, 9});
    }
    SECTION("the topic was made anew, and reading begins before the commit") {
        world.source.log(slot).committed = 2;
        world.source.tell([&](flow::SourceListener& listener) {
            auto& log = world.source.log(slot);
            log.is_assigned = true;
            log.position = 0;
            std::vector<flow::Assigned> const assigned{
                {slot, &log.origin, 2, log.metadata, log.cluster_id}};
            listener.on_assigned(assigned);
        });
        world.lane.clear();
        world.intake.reset();
        world.settle_down();
        CHECK(offsets_sent(world).size() == 10);
        // The old commit says nothing about this log.
        write(world, {0});
        CHECK(world.source.log(slot).committed == 1);
    }
    CHECK_FALSE(world.picture().skipped_by_reason.contains("already_settled"));
}

TEST_CASE("metadata that cannot be used is ignored and told, and everything is written again") {
    IntakeWorld world;
    auto const slot = start(world, 5);
    write(world, {0, 3});
    auto& log = world.source.log(slot);
    SECTION("another program wrote it") {
        log.metadata = "consumer-7 was here";
    }
    SECTION("it was written in another cluster") {
        log.cluster_id = "second";
    }
    SECTION("it belongs to another offset") {
        log.committed = 2;
    }
    auto const first = log.committed;
    restart(world, slot);
    CHECK(offsets_sent(world).size() == static_cast<std::size_t>(5 - first));
    CHECK(world.reported("settled_map_ignored"));
    write(world, {4});
    CHECK(committed_ranges(world, slot) == std::vector<OffsetRange>{{4, 4}});
}

TEST_CASE("a map that the brokers refuse is left out at once and from then on, with one warning") {
    IntakeWorld world;
    auto const slot = start(world, 10);
    world.source.metadata_bytes_max = 1;
    write(world, {0, 2});
    CHECK(world.reported("settled_map_refused"));
    CHECK_FALSE(world.reported("commit_failed"));
    REQUIRE(world.source.commits.size() == 2);
    CHECK_FALSE(world.source.commits[0].front().metadata.empty());
    CHECK(world.source.commits[1].front().metadata.empty());
    CHECK(world.source.commits[1].front().offset == 1);
    write(world, {1, 4});
    CHECK(world.source.log(slot).committed == 3);
    CHECK(world.source.commits.back().front().metadata.empty());
    auto const commits = world.source.commits.size();
    write(world, {6});
    CHECK(world.source.commits.size() == commits);
    CHECK(std::count(world.reports.begin(), world.reports.end(), "settled_map_refused") == 1);
}

TEST_CASE("a commit that failed is tried again with the map that has grown since") {
    IntakeWorld world;
    auto const slot = start(world, 10);
    world.source.commit_error = Error{ErrorCode::kafka, "away"};
    write(world, {4});
    world.source.commit_error.reset();
    write(world, {6});
    CHECK(committed_ranges(world, slot) == std::vector<OffsetRange>{{4, 4}, {6, 6}});
}

TEST_CASE("a revocation and a drain give back with a map of what is settled beyond the gap") {
    IntakeWorld world;
    auto const slot = start(world, 10);
    bool const is_drain = GENERATE(false, true);
    if (is_drain) {
        world.intake->drain(world.clock.now() + 10s);
    } else {
        world.source.revoke({slot});
    }
    world.settle_down();
    while (world.has_records()) {
        auto const offset = world.lane.front().record.offset;
        world.answer(offset == 2 ? (is_drain ? Fate::drained : Fate::revoked) : Fate::written);
    }
    world.settle_down();
    CHECK((is_drain ? world.intake->is_drained() : world.source.released.size() == 1));
    CHECK(world.source.log(slot).committed == 2);
    CHECK(committed_ranges(world, slot) == std::vector<OffsetRange>{{3, 9}});
    if (is_drain) CHECK(world.intake->was_clean());
    CHECK(world.picture().unaccounted == 0);
}

TEST_CASE("an acknowledged dead letter and its neighbours stand in the map") {
    IntakeWorld world;
    auto const slot = start(world, 4);
    world.topic.is_silent = true;
    auto const stuck = std::move(world.lane.front().record);
    world.lane.pop_front();
    world.answer(Fate::buried);
    world.answer(Fate::superseded);
    world.answer(Fate::written);
    world.settle_down();
    world.clock.advance(100ms);
    world.settle_down();
    CHECK(committed_ranges(world, slot) == std::vector<OffsetRange>{{2, 3}});
    world.topic.is_silent = false;
    world.clock.advance(100ms);
    world.settle_down();
    CHECK(committed_ranges(world, slot) == std::vector<OffsetRange>{{1, 3}});
}

TEST_CASE("an inherited map is cut where the commit passes offsets without a record") {
    IntakeWorld world;
    auto const slot = world.source.add("clicks", 0);
    auto& log = world.source.log(slot);
    for (int i = 0; i < 3; ++i) {
        world.source.produce(slot, "k" + std::to_string(i), "v");
    }
    log.leader_epoch = 3;
    log.trailing = 3;  // Offsets 3 to 5 hold no record.
    log.committed = 1;
    flow::SettledMapWriter map(1, "");
    REQUIRE(map.add({2, 9}, 3));
    log.metadata = map.finish();
    world.source.assign({slot});
    world.step();
    write(world, {1});
    CHECK(log.committed == 6);
    CHECK(committed_ranges(world, slot) == std::vector<OffsetRange>{{6, 9}});
}
