#include "kafka/group_membership.hpp"

#include "group_member.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::kafka {
namespace {

/// Serves both members in turn until `done`.
bool pump_both(GroupMember& a, GroupMember& b, std::function<bool()> const& done,
               Duration limit = 30s) {
    auto const deadline = a.clock.now() + limit;
    while (!done()) {
        if (a.clock.now() >= deadline) return false;
        a.pump([] { return true; });
        b.pump([] { return true; });
        a.source.wait(a.clock.now() + 10ms);
    }
    return true;
}

std::size_t distinct(GroupMember const& a, GroupMember const& b) {
    std::set<std::pair<std::int32_t, flow::Offset>> all;
    for (auto const& record : a.seen)
        all.emplace(record.partition, record.offset);
    for (auto const& record : b.seen)
        all.emplace(record.partition, record.offset);
    return all.size();
}

void check_join_and_leave(std::string const& strategy) {
    auto const cluster = make_cluster("clicks", 4);
    auto settings = settings_for(*cluster, "clicks");
    settings.properties["partition.assignment.strategy"] = strategy;
    for (std::int32_t partition = 0; partition != 4; ++partition)
        fill(*cluster, "clicks", partition, 20);
    GroupMember first(settings);
    GroupMember second(settings);
    first.start();
    REQUIRE(first.pump([&] { return first.seen.size() == 80; }));
    REQUIRE(first.commit_all());
    second.start();
    REQUIRE(pump_both(first, second,
                      [&] { return first.slots.size() == 2 && second.slots.size() == 2; }));
    CHECK(first.revocations >= 1);
    CHECK(first.losses == 0);
    // Kept and moved partitions go on at the commit, without a gap and without a repetition.
    for (std::int32_t partition = 0; partition != 4; ++partition)
        fill(*cluster, "clicks", partition, 20, 20);
    REQUIRE(pump_both(first, second, [&] { return distinct(first, second) == 160; }));
    CHECK(first.seen.size() + second.seen.size() == 160);
    REQUIRE(second.commit_all());
    REQUIRE(second.close());
    REQUIRE(first.pump([&] { return first.slots.size() == 4; }, 30s));
    for (std::int32_t partition = 0; partition != 4; ++partition)
        fill(*cluster, "clicks", partition, 20, 40);
    REQUIRE(first.pump([&] { return distinct(first, second) == 240; }));
    CHECK(first.close());
}

TEST_CASE("members join and leave cooperatively without a gap") {
    check_join_and_leave("cooperative-sticky");
}
TEST_CASE("members join and leave eagerly without a gap") {
    check_join_and_leave("range,roundrobin");
}

/// Two members of one group: the first has read both partitions and drains the revocation that the
/// second one's joining brought about.
struct DrainingPair {
    explicit DrainingPair(SourceSettings const& settings) : first(settings), second(settings) {
        first.releases_at_once = false;
        first.start();
        REQUIRE(first.pump([&] { return first.seen.size() == 20; }));
        second.start();
        REQUIRE(pump_both(first, second, [&] { return !first.revoking.empty(); }));
    }
    /// The mock cluster, other than Kafka, refuses a follower's SyncGroup that comes after the
    /// leader's was answered; the follower joins anew, which takes the first one's generation.
    bool has_joined() {
        return pump_both(
            first, second, [&] { return second.assignments > 0; }, 1s);
    }

    GroupMember first;
    GroupMember second;
};

SourceSettings two_partitions(MockCluster const& cluster, std::string const& strategy) {
    auto settings = settings_for(cluster, "clicks");
    settings.properties["partition.assignment.strategy"] = strategy;
    fill(cluster, "clicks", 0, 10);
    fill(cluster, "clicks", 1, 10);
    return settings;
}

TEST_CASE("revoked partitions stay a cooperative member's own until released, and commits count") {
    for (int attempt = 0;; ++attempt) {
        REQUIRE(attempt != 10);
        auto const cluster = make_cluster("clicks", 2);
        DrainingPair pair(two_partitions(*cluster, "cooperative-sticky"));
        auto& [first, second] = pair;
        if (!pair.has_joined()) continue;
        auto const held = first.revoking;
        // Longer than the session time-out: draining keeps the member alive.
        std::ignore = pump_both(
            first, second, [] { return false; }, 3s);
        CHECK(first.losses == 0);
        CHECK(second.slots.empty());
        std::vector<flow::Record> none;
        CHECK(first.source.read(held.front(), 10, none) == 0);
        CHECK(first.source.may_commit());
        CHECK(first.commit_all());
        first.release();
        // Its JoinGroup is on its way, and no commit must come after it.
        CHECK_FALSE(first.source.may_commit());
        REQUIRE(pump_both(first, second,
                          [&] { return first.slots.size() == 1 && second.slots.size() == 1; }));
        CHECK(pump_both(first, second, [&] { return first.source.may_commit(); }));
        std::ignore = pump_both(
            first, second, [] { return false; }, 300ms);
        CHECK(second.slots.begin()->second.committed == 10);
        CHECK(first.seen.size() + second.seen.size() == 20);
        CHECK(second.close());
        CHECK(first.close());
        return;
    }
}

TEST_CASE("revoked partitions stay an eager member's own until it releases them") {
    auto const cluster = make_cluster("clicks", 2);
    DrainingPair pair(two_partitions(*cluster, "range"));
    auto& [first, second] = pair;
    auto const held = first.revoking;
    std::ignore = pump_both(
        first, second, [] { return false; }, 3s);
    CHECK(first.losses == 0);
    CHECK(second.slots.empty());
    std::vector<flow::Record> none;
    CHECK(first.source.read(held.front(), 10, none) == 0);
    // The mock cluster, other than Kafka, takes no commit while an eager group waits for its
    // members.
    CHECK_FALSE(first.commit_all());
    first.release();
    CHECK(pump_both(first, second,
                    [&] { return first.slots.size() == 1 && second.slots.size() == 1; }));
    CHECK(second.close());
    CHECK(first.close());
}

TEST_CASE("partitions released one after the other are given back when the last one is") {
    auto const cluster = make_cluster("clicks", 4);
    auto const settings = settings_for(*cluster, "clicks");
    GroupMember first(settings);
    GroupMember second(settings);
    first.releases_at_once = false;
    first.start();
    REQUIRE(first.pump([&] { return first.slots.size() == 4; }));
    second.start();
    REQUIRE(pump_both(first, second, [&] { return first.revoking.size() == 2; }));
    std::vector<flow::Slot> const one{first.revoking[0]};
    std::vector<flow::Slot> const other{first.revoking[1]};
    first.source.release(one);
    first.source.release(one);
    std::ignore = pump_both(
        first, second, [] { return false; }, 500ms);
    CHECK(second.slots.empty());
    first.source.release(other);
    CHECK(pump_both(first, second, [&] { return second.slots.size() == 2; }));
    CHECK(second.close());
    CHECK(first.close());
}

TEST_CASE("a member whose session timed out has lost its partitions and gets them anew") {
    auto const cluster = make_cluster("clicks", 2);
    fill(*cluster, "clicks", 0, 10);
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 10; }));
    cluster->push_errors(MockRequest::heartbeat, {25});  // UNKNOWN_MEMBER_ID
    REQUIRE(member.pump([&] { return member.losses == 1; }, 30s));
    CHECK(member.revocations == 0);
    REQUIRE(member.pump([&] { return member.slots.size() == 2; }, 30s));
    CHECK(member.close());
}

TEST_CASE("look-ups that fail are trouble, repeated until they succeed, and reading begins then") {
    auto const cluster = make_cluster("clicks", 1);
    fill(*cluster, "clicks", 0, 10);
    // GROUP_AUTHORIZATION_FAILED, then the look-up of offsets fails with UNKNOWN_SERVER_ERROR.
    cluster->push_errors(MockRequest::offset_fetch, {30, 30});
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 10; }));
    REQUIRE(member.troubles.size() == 1);
    CHECK(member.troubles[0].code == ErrorCode::permission);
    CHECK(member.pump([&] { return member.recoveries == 1; }));
    CHECK(member.close());
}

TEST_CASE("a start that cannot be committed is tried again before reading begins") {
    auto const cluster = make_cluster("clicks", 1);
    fill(*cluster, "clicks", 0, 10);
    cluster->push_errors(MockRequest::offset_commit, {30});
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 10; }));
    CHECK(member.troubles.size() == 1);
    CHECK(member.slots.begin()->second.committed == 0);
    CHECK(member.close());
}

TEST_CASE("two members that join a fresh topic together both begin at latest") {
    auto const cluster = make_cluster("clicks", 2);
    fill(*cluster, "clicks", 0, 10);
    fill(*cluster, "clicks", 1, 10);
    auto settings = settings_for(*cluster, "clicks");
    settings.start = StartKind::latest;
    GroupMember first(settings);
    GroupMember second(settings);
    first.start();
    second.start();
    REQUIRE(pump_both(first, second,
                      [&] { return first.slots.size() == 1 && second.slots.size() == 1; }));
    CHECK(first.slots.begin()->second.committed == 10);
    CHECK(second.slots.begin()->second.committed == 10);
    std::ignore = pump_both(
        first, second, [] { return false; }, 300ms);
    CHECK(first.seen.empty());
    CHECK(second.seen.empty());
    CHECK(second.close());
    CHECK(first.close());
}

TEST_CASE("a source that is closed while it looks up start positions leaves the group") {
    auto const cluster = make_cluster("clicks", 2);
    cluster->push_errors(MockRequest::offset_fetch, std::vector<int>(50, -1));
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return !member.troubles.empty(); }));
    CHECK(member.assignments == 0);
    CHECK(member.close());
}

TEST_CASE("a source that is closed while it drains a revocation leaves the group") {
    auto const cluster = make_cluster("clicks", 2);
    auto const settings = settings_for(*cluster, "clicks");
    GroupMember first(settings);
    GroupMember second(settings);
    first.releases_at_once = false;
    first.start();
    REQUIRE(first.pump([&] { return first.slots.size() == 2; }));
    second.start();
    REQUIRE(pump_both(first, second, [&] { return !first.revoking.empty(); }));
    CHECK(first.close());
    CHECK(second.pump([&] { return second.slots.size() == 2; }, 30s));
    CHECK(second.close());
}

}  // namespace
}  // namespace headrace::kafka
