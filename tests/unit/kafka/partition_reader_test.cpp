#include "kafka/partition_reader.hpp"

#include "group_member.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <numeric>
#include <vector>

namespace headrace::kafka {
namespace {

TEST_CASE(
    "a fetch that fails at the end moves no position, and no record is left out after a "
    "rebalance") {
    auto const cluster = make_cluster("clicks", 1);
    fill(*cluster, "clicks", 0, 10);
    GroupMember first(settings_for(*cluster, "clicks"));
    GroupMember second(settings_for(*cluster, "clicks"));
    first.start();
    REQUIRE(first.pump([&] { return first.seen.size() == 10; }));
    // Several, as librdkafka may swallow one with a fetch that it has given up.
    cluster->push_errors(MockRequest::fetch,
                         std::vector<int>(8, 29));  // TOPIC_AUTHORIZATION_FAILED
    REQUIRE(first.pump([&] {
        return std::any_of(first.troubles.begin(), first.troubles.end(), [](Error const& trouble) {
            return trouble.code == ErrorCode::permission;
        });
    }));
    cluster->clear_errors(MockRequest::fetch);
    REQUIRE(first.slots.size() == 1);
    CHECK(first.source.position(first.slots.begin()->first) == 10);
    CHECK(first.commit_all());
    // A rebalance in which the partition is kept pauses it and resumes it where librdkafka believes
    // it stood.
    second.start();
    auto const deadline = first.clock.now() + 30s;
    while (second.assignments == 0 && first.clock.now() < deadline) {
        first.pump([] { return true; });
        second.pump([] { return true; });
        first.source.wait(first.clock.now() + 10ms);
    }
    auto& owner = first.slots.size() == 1 ? first : second;
    auto& other = first.slots.size() == 1 ? second : first;
    fill(*cluster, "clicks", 0, 3, 10);
    REQUIRE(owner.pump([&] {
        other.pump([] { return true; });
        return !owner.seen.empty() && owner.seen.back().offset == 12;
    }));
    auto const total = first.seen.size() + second.seen.size();
    CHECK(total == 13);
    CHECK(first.close());
    CHECK(second.close());
}

TEST_CASE("any other fault of a fetch is logged and passes") {
    auto const cluster = make_cluster("clicks", 1);
    fill(*cluster, "clicks", 0, 10);
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 10; }));
    cluster->push_errors(MockRequest::fetch, std::vector<int>(8, 2));  // CORRUPT_MESSAGE
    auto const logged = [&] {
        return std::any_of(member.log.begin(), member.log.end(), [](auto const& line) {
            return line.find("clicks: Fetch") != std::string::npos;
        });
    };
    REQUIRE(member.pump(logged));
    CHECK(member.troubles.empty());
    CHECK(member.source.position(member.slots.begin()->first) == 10);
    fill(*cluster, "clicks", 0, 5, 10);
    REQUIRE(member.pump([&] { return member.seen.size() == 15; }));
    CHECK(member.close());
}

/// So small a share that a few hundred records fill it.
SourceSettings small_settings(MockCluster const& cluster) {
    auto settings = settings_for(cluster, "clicks");
    settings.prefetch_bytes = 1 << 20;
    return settings;
}

std::vector<flow::Offset> offsets_of(GroupMember const& member, std::int32_t partition) {
    std::vector<flow::Offset> offsets;
    for (auto const& seen : member.seen) {
        if (seen.partition == partition) offsets.push_back(seen.offset);
    }
    return offsets;
}

std::vector<flow::Offset> up_to(flow::Offset end) {
    std::vector<flow::Offset> offsets(static_cast<std::size_t>(end));
    std::iota(offsets.begin(), offsets.end(), 0);
    return offsets;
}

/// Serves the member and reads one slot until it has `count` records of it.
bool read_only(GroupMember& member, flow::Slot slot, std::size_t count) {
    auto const partition = member.slots.at(slot).origin->partition;
    return member.pump([&] {
        std::vector<flow::Record> batch;
        member.source.read(slot, 100, batch);
        for (auto& record : batch)
            member.keep(std::move(record));
        return offsets_of(member, partition).size() >= count;
    });
}

TEST_CASE("a held partition stands in no other's way, and goes on where it stood") {
    constexpr int count = 4000;
    auto const cluster = make_cluster("clicks", 2);
    fill(*cluster, "clicks", 0, count);
    fill(*cluster, "clicks", 1, count);
    GroupMember member(small_settings(*cluster));
    member.reads = false;
    member.start();
    REQUIRE(member.pump([&] { return member.slots.size() == 2; }));
    auto const held = *member.slot_of(0);
    member.source.hold(held, true);
    REQUIRE(read_only(member, *member.slot_of(1), count));
    CHECK(offsets_of(member, 0).empty());
    CHECK(member.source.position(held) == 0);
    CHECK(member.source.prefetched_bytes() <= small_settings(*cluster).prefetch_bytes);
    member.source.hold(held, false);
    REQUIRE(read_only(member, held, count));
    CHECK(offsets_of(member, 0) == up_to(count));
    CHECK(offsets_of(member, 1) == up_to(count));
    CHECK(member.source.position(held) == count);
    CHECK(member.close());
}

TEST_CASE("a partition that is held when it goes is read when it comes back") {
    constexpr int count = 2000;
    auto const cluster = make_cluster("clicks", 2);
    fill(*cluster, "clicks", 0, count);
    fill(*cluster, "clicks", 1, count);
    GroupMember first(small_settings(*cluster));
    first.reads = false;
    first.start();
    REQUIRE(first.pump([&] { return first.slots.size() == 2; }));
    // A few of each, so that more of both is fetched; and all that is held is paused soon.
    REQUIRE(first.pump([&] {
        first.read_all(10);
        return offsets_of(first, 0).size() >= 100 && offsets_of(first, 1).size() >= 100;
    }));
    for (auto const& [slot, entry] : first.slots)
        first.source.hold(slot, true);
    {
        GroupMember second(small_settings(*cluster));
        second.reads = false;
        second.start();
        REQUIRE(second.pump([&] {
            first.pump([] { return true; });
            return second.slots.size() == 1 && first.slots.size() == 1;
        }));
        CHECK(second.close());
    }
    REQUIRE(first.pump([&] { return first.slots.size() == 2; }, 30s));
    for (auto const& [slot, entry] : first.slots) {
        first.source.hold(slot, false);
    }
    first.reads = true;
    // Nothing was committed: what came back is read from its start, the other goes on.
    REQUIRE(first.pump([&] {
        return !first.seen.empty() && offsets_of(first, 0).size() >= count &&
               offsets_of(first, 1).size() >= count && offsets_of(first, 0).back() == count - 1 &&
               offsets_of(first, 1).back() == count - 1;
    }));
    CHECK(first.close());
}

}  // namespace
}  // namespace headrace::kafka
