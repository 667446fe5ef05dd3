#include "kafka/kafka_source.hpp"

#include "group_member.hpp"

#include <catch2/catch_test_macros.hpp>

#include <thread>

namespace headrace::kafka {
namespace {

TEST_CASE("a lone member is assigned every partition and reads them in order") {
    auto const cluster = make_cluster("clicks", 8);
    for (std::int32_t partition = 0; partition != 8; ++partition)
        fill(*cluster, "clicks", partition, 50);
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 400; }));
    CHECK(member.slots.size() == 8);
    std::map<std::int32_t, flow::Offset> next_offset;
    for (auto const& record : member.seen) {
        CHECK(record.offset == next_offset[record.partition]++);
        CHECK(record.value == "v" + std::to_string(record.offset));
        CHECK(record.timestamp_ms > 1'600'000'000'000);
    }
    for (auto const& [slot, entry] : member.slots)
        CHECK(member.source.position(slot) == 50);
    CHECK(member.close());
}

TEST_CASE("a second member of a topic with one partition joins with an empty assignment") {
    auto const cluster = make_cluster("clicks", 1);
    auto const settings = settings_for(*cluster, "clicks");
    GroupMember first(settings);
    GroupMember second(settings);
    first.start();
    REQUIRE(first.pump([&] { return first.slots.size() == 1; }));
    second.start();
    auto const both = [&] {
        first.pump([] { return true; });
        return second.assignments > 0 && first.slots.size() + second.slots.size() == 1;
    };
    CHECK(second.pump(both));
    CHECK(second.close());
    CHECK(first.close());
}

TEST_CASE("null, empty and binary keys, values and headers come through as they are") {
    auto const cluster = make_cluster("clicks", 1);
    auto producer = Producer::make(cluster->bootstrap());
    REQUIRE(producer.has_value());
    std::string const binary("\x00\xFF\x01", 3);
    REQUIRE((*producer)
                ->produce({.topic = "clicks",
                           .partition = 0,
                           .key = std::nullopt,
                           .value = std::nullopt,
                           .timestamp_ms = 1'700'000'000'123,
                           .headers = {{"a", "1"},
                                       {"none", std::nullopt},
                                       {"empty", ""},
                                       {"bin", binary},
                                       {"a", "2"}}})
                .has_value());
    REQUIRE(
        (*producer)
            ->produce({.topic = "clicks", .partition = 0, .key = "", .value = "", .headers = {}})
            .has_value());
    REQUIRE((*producer)->flush(10s).has_value());
    GroupMember member(settings_for(*cluster, "clicks"));
    member.keeps_records = true;
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 2; }));
    CHECK_FALSE(member.records[0].key.has_value());
    CHECK_FALSE(member.records[0].value.has_value());
    CHECK(member.records[0].timestamp_ms == 1'700'000'000'123);
    auto const headers = member.records[0].headers();
    REQUIRE(headers.size() == 5);
    CHECK(headers[0].name == "a");
    CHECK_FALSE(headers[1].value.has_value());
    CHECK(headers[2].value == "");
    CHECK(headers[3].value == binary);
    CHECK(headers[4].value == "2");
    std::string memory;
    CHECK(member.records[0].find_header("a", memory) == "2");
    CHECK(member.records[0].find_header("bin", memory) == binary);
    CHECK(member.records[0].find_header("empty", memory) == "");
    CHECK_FALSE(member.records[0].find_header("none", memory));
    CHECK_FALSE(member.records[0].find_header("absent", memory));
    CHECK_FALSE(member.records[1].find_header("a", memory));
    CHECK(member.records[0].headers().size() == 5);
    CHECK(member.records[1].key == "");
    CHECK(member.records[1].value == "");
    CHECK(member.records[1].headers().empty());
    CHECK(member.close());
}

TEST_CASE("reading goes on at the committed offset after a restart") {
    auto const cluster = make_cluster("clicks", 2);
    fill(*cluster, "clicks", 0, 100);
    fill(*cluster, "clicks", 1, 100);
    {
        GroupMember member(settings_for(*cluster, "clicks"));
        member.reads = false;
        member.start();
        REQUIRE(member.pump([&] { return member.slots.size() == 2; }));
        REQUIRE(member.pump([&] {
            member.read_all(30 - std::min<std::size_t>(30, member.seen.size()));
            return member.seen.size() >= 30;
        }));
        REQUIRE(member.commit_all());
        CHECK(member.close());
    }
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() >= 140; }));
    member.pump([] { return false; }, 200ms);
    CHECK(member.seen.size() < 200);
    for (auto const& [slot, entry] : member.slots) {
        REQUIRE(entry.committed.has_value());
        auto const first = std::find_if(
            member.seen.begin(), member.seen.end(),
            [&](auto const& record) { return record.partition == entry.origin->partition; });
        if (*entry.committed != 100) CHECK(first->offset == *entry.committed);
        CHECK(member.source.position(slot) == 100);
        CHECK(member.source.end(slot).end == 100);
    }
    CHECK(member.close());
}

TEST_CASE("answers to commits come in the order of the calls, and a refused commit is an error") {
    auto const cluster = make_cluster("clicks", 1);
    fill(*cluster, "clicks", 0, 10);
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 10; }));
    auto const* const origin = member.slots.begin()->second.origin;
    for (flow::Offset offset = 1; offset != 6; ++offset) {
        member.source.commit(std::vector<flow::CommitPoint>{{origin, offset}});
    }
    REQUIRE(member.pump([&] { return member.commits.size() == 5; }));
    for (std::size_t i = 0; i != 5; ++i) {
        CHECK(member.commits[i].first == static_cast<flow::Offset>(i) + 1);
        CHECK(member.commits[i].second.has_value());
    }
    cluster->push_errors(MockRequest::offset_commit, {22});  // ILLEGAL_GENERATION
    member.source.commit(std::vector<flow::CommitPoint>{{origin, 6}});
    member.source.commit({});
    REQUIRE(member.pump([&] { return member.commits.size() == 6; }));
    CHECK_FALSE(member.commits[5].second.has_value());
    CHECK(member.close());
}

TEST_CASE("metadata comes back with the commit that it was kept with") {
    auto const cluster = make_cluster("clicks", 2);
    fill(*cluster, "clicks", 0, 10);
    std::string const metadata(3072, 'm');
    {
        GroupMember member(settings_for(*cluster, "clicks"));
        member.start();
        REQUIRE(member.pump([&] { return member.seen.size() == 10; }));
        CHECK(member.slots.at(*member.slot_of(0)).metadata.empty());
        auto const* const origin = member.slots.at(*member.slot_of(0)).origin;
        member.source.commit(std::vector<flow::CommitPoint>{{origin, 4, metadata}});
        REQUIRE(member.pump([&] { return member.commits.size() == 1; }));
        CHECK(member.commits[0].second.has_value());
        CHECK(member.close());
    }
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 6; }));
    CHECK(member.slots.at(*member.slot_of(0)).committed == 4);
    CHECK(member.slots.at(*member.slot_of(0)).metadata == metadata);
    CHECK_FALSE(member.slots.at(*member.slot_of(0)).cluster_id.empty());
    CHECK(member.slots.at(*member.slot_of(1)).metadata.empty());
    CHECK(member.close());
}

TEST_CASE("metadata that the brokers find too large is an error of its own") {
    auto const cluster = make_cluster("clicks", 1);
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return member.slots.size() == 1; }));
    auto const* const origin = member.slots.begin()->second.origin;
    cluster->push_errors(MockRequest::offset_commit, {12});  // OFFSET_METADATA_TOO_LARGE
    member.source.commit(std::vector<flow::CommitPoint>{{origin, 0, "m"}});
    REQUIRE(member.pump([&] { return member.commits.size() == 1; }));
    REQUIRE_FALSE(member.commits[0].second.has_value());
    CHECK(member.commits[0].second.error().code == ErrorCode::too_large);
    CHECK(member.close());
}

TEST_CASE("records that are not read stay prefetched and the member stays in the group") {
    auto const cluster = make_cluster("clicks", 2);
    fill(*cluster, "clicks", 0, 500);
    fill(*cluster, "clicks", 1, 500);
    auto settings = settings_for(*cluster, "clicks");
    settings.properties["max.poll.interval.ms"] = "3000";
    GroupMember member(settings);
    member.reads = false;
    member.start();
    REQUIRE(member.pump([&] { return member.slots.size() == 2; }));
    member.pump([] { return false; }, 4s);
    CHECK(member.assignments == 1);
    CHECK(member.revocations + member.losses == 0);
    member.reads = true;
    REQUIRE(member.pump([&] { return member.seen.size() == 1000; }));
    CHECK(member.close());
}

TEST_CASE("the end of what is not read moves on though nothing more is fetched") {
    auto const cluster = make_cluster("clicks", 1);
    fill(*cluster, "clicks", 0, 10);
    auto settings = settings_for(*cluster, "clicks");
    settings.prefetch_bytes = 64 << 10;
    GroupMember member(settings);
    member.reads = false;
    member.start();
    REQUIRE(member.pump([&] { return member.slots.size() == 1; }));
    auto const end = [&] { return member.source.end(member.slots.begin()->first).end; };
    REQUIRE(member.pump([&] { return end() == 10; }));
    // Far more than is prefetched.
    fill(*cluster, "clicks", 0, 5000);
    CAPTURE(end());
    REQUIRE(member.pump([&] { return end() == 5010; }));
    member.reads = true;
    REQUIRE(member.pump([&] { return member.seen.size() == 5010; }));
    CHECK(end() == 5010);
    CHECK(member.close());
}

TEST_CASE("wait sleeps while records are left unread on purpose, and wake ends it") {
    auto const cluster = make_cluster("clicks", 1);
    fill(*cluster, "clicks", 0, 500);
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    member.reads = false;
    REQUIRE(member.pump([&] { return member.slots.size() == 1; }));
    member.pump([] { return false; }, 500ms);
    unsigned wakes = 0;
    auto const end = member.clock.now() + 500ms;
    while (member.clock.now() < end) {
        member.source.wait(end);
        member.source.serve(member);
        ++wakes;
    }
    CHECK(wakes < 20);
    auto const before = member.clock.now();
    std::thread waker([&] {
        member.source.wake();
        member.source.wake();
    });
    member.source.wait(before + 900ms);
    waker.join();
    CHECK(member.clock.now() - before < 800ms);
    CHECK(member.close());
}

TEST_CASE("wait ends when a record arrives in a partition that was read empty") {
    auto const cluster = make_cluster("clicks", 1);
    fill(*cluster, "clicks", 0, 1);
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 1; }));
    member.pump([] { return false; }, 300ms);
    fill(*cluster, "clicks", 0, 1, 1);
    unsigned wakes = 0;
    while (member.seen.size() < 2 && ++wakes < 50) {
        member.source.wait(member.clock.now() + 900ms);
        member.source.serve(member);
        member.read_all();
    }
    CHECK(member.seen.size() == 2);
    CHECK(wakes < 20);
    CHECK(member.close());
}

TEST_CASE("a start at latest skips what was there, once, and is committed before reading begins") {
    auto const cluster = make_cluster("clicks", 2);
    fill(*cluster, "clicks", 0, 20);
    fill(*cluster, "clicks", 1, 20);
    auto settings = settings_for(*cluster, "clicks");
    settings.start = StartKind::latest;
    {
        GroupMember member(settings);
        member.start();
        REQUIRE(member.pump([&] { return member.slots.size() == 2; }));
        for (auto const& [slot, entry] : member.slots)
            CHECK(entry.committed == 20);
        CHECK(member.close());
    }
    fill(*cluster, "clicks", 0, 5, 20);
    GroupMember member(settings);
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() >= 5; }));
    CHECK(member.seen.size() == 5);
    CHECK(member.seen.front().offset == 20);
    CHECK(member.close());
}

TEST_CASE("an offset beyond the end goes back to the earliest and is reported") {
    auto const cluster = make_cluster("clicks", 1);
    fill(*cluster, "clicks", 0, 10);
    {
        GroupMember member(settings_for(*cluster, "clicks"));
        member.start();
        REQUIRE(member.pump([&] { return member.seen.size() == 10; }));
        member.source.commit(
            std::vector<flow::CommitPoint>{{member.slots.begin()->second.origin, 5000}});
        REQUIRE(member.pump([&] { return member.commits.size() == 1; }));
        REQUIRE(member.commits[0].second.has_value());
        CHECK(member.close());
    }
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 10 && !member.expired.empty(); }));
    CHECK(member.expired[0].from == 5000);
    CHECK(member.expired[0].to == 0);
    CHECK(member.close());
}

TEST_CASE("records lost to retention are reported with their range") {
    auto const cluster = make_cluster("clicks", 1);
    fill(*cluster, "clicks", 0, 10);
    {
        GroupMember member(settings_for(*cluster, "clicks"));
        member.start();
        REQUIRE(member.pump([&] { return member.seen.size() == 10; }));
        REQUIRE(member.commit_all());
        CHECK(member.close());
    }
    // The mock cluster keeps 5 MiB of a partition and forgets the oldest.
    auto producer = Producer::make(cluster->bootstrap());
    REQUIRE(producer.has_value());
    std::string const large(100'000, 'x');
    for (int i = 0; i != 120; ++i) {
        REQUIRE((*producer)
                    ->produce({.topic = "clicks",
                               .partition = 0,
                               .key = std::nullopt,
                               .value = large,
                               .headers = {}})
                    .has_value());
    }
    REQUIRE((*producer)->flush(20s).has_value());
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return !member.seen.empty() && member.seen.back().offset == 129; }));
    REQUIRE(member.pump([&] { return !member.expired.empty(); }));
    CHECK(member.expired[0].from == 10);
    CHECK(member.expired[0].to == member.seen.front().offset);
    CHECK(member.seen.size() == static_cast<std::size_t>(130 - member.seen.front().offset));
    CHECK(member.close());
}

TEST_CASE("brokers that are away are trouble, told once, and reading goes on when they are back") {
    auto const cluster = make_cluster("clicks", 1);
    fill(*cluster, "clicks", 0, 10);
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 10; }));
    cluster->stop_brokers();
    REQUIRE(member.pump([&] { return !member.troubles.empty(); }, 30s));
    CHECK(member.troubles.front().code == ErrorCode::connection);
    CHECK(member.recoveries == 0);
    cluster->start_brokers();
    REQUIRE(member.pump([&] { return member.recoveries == 1; }, 30s));
    CHECK(member.troubles.size() == 1);
    fill(*cluster, "clicks", 0, 10, 10);
    REQUIRE(member.pump([&] { return member.seen.size() == 20; }, 30s));
    CHECK(member.close());
}

TEST_CASE("a source that was closed joins again as a new member and goes on at the commit") {
    auto const cluster = make_cluster("clicks", 2);
    fill(*cluster, "clicks", 0, 10);
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 10; }));
    flow::CommitPoint const point{member.slots.at(*member.slot_of(0)).origin, 4};
    member.source.commit({&point, 1});
    REQUIRE(member.pump([&] { return !member.commits.empty(); }));
    CHECK(member.close());
    std::ignore = member.pump([] { return true; });
    CHECK(member.source.read(0, 10, member.records) == 0);
    member.slots.clear();
    member.seen.clear();
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 6; }));
    CHECK(member.seen.front().offset == 4);
    CHECK(member.slots.size() == 2);
    CHECK(member.close());
}

TEST_CASE("closing is bounded while the brokers are away") {
    auto const cluster = make_cluster("clicks", 1);
    fill(*cluster, "clicks", 0, 10);
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 10; }));
    cluster->stop_brokers();
    member.source.commit(std::vector<flow::CommitPoint>{{member.slots.begin()->second.origin, 10}});
    auto const before = member.clock.now();
    std::ignore = member.source.close(before + 1s);
    CHECK(member.clock.now() - before < 1500ms);
}

TEST_CASE("a source that never reached a broker says so and closes at once") {
    SourceSettings settings;
    settings.bootstrap_servers = "127.0.0.1:1";
    settings.topics = {"clicks"};
    settings.group = "group";
    GroupMember member(settings);
    member.start();
    member.source.commit(std::vector<flow::CommitPoint>{{nullptr, 10}});
    REQUIRE(member.pump([&] { return !member.troubles.empty() && !member.commits.empty(); }));
    CHECK(member.troubles.front().code == ErrorCode::connection);
    CHECK_FALSE(member.commits.front().second.has_value());
    auto const before = member.clock.now();
    CHECK(member.source.close(before + 5s));
    CHECK(member.clock.now() - before < 6s);
}

TEST_CASE("a topic that does not exist is trouble until it does") {
    auto const cluster = make_cluster("clicks", 1);
    fill(*cluster, "clicks", 0, 10);
    auto settings = settings_for(*cluster, "clicks");
    settings.properties["topic.metadata.refresh.interval.ms"] = "500";
    cluster->fail_topic("clicks", 3);  // UNKNOWN_TOPIC_OR_PARTITION
    GroupMember member(settings);
    member.start();
    REQUIRE(member.pump([&] { return !member.troubles.empty(); }, 30s));
    CHECK(member.troubles.front().code == ErrorCode::not_found);
    cluster->fail_topic("clicks", 0);
    REQUIRE(member.pump([&] { return member.recoveries == 1 && member.seen.size() == 10; }, 30s));
    CHECK(member.close());
}

TEST_CASE("a pattern reads every topic that matches") {
    auto const cluster = make_cluster("clicks-eu", 2);
    REQUIRE(cluster->create_topic("clicks-us", 1).has_value());
    REQUIRE(cluster->create_topic("docs", 1).has_value());
    fill(*cluster, "clicks-eu", 1, 10);
    fill(*cluster, "clicks-us", 0, 10);
    fill(*cluster, "docs", 0, 10);
    GroupMember member(settings_for(*cluster, "^clicks-"));
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 20; }));
    CHECK(member.slots.size() == 3);
    CHECK(member.close());
}

TEST_CASE("a member that broke for good has lost everything and joins anew after a pause") {
    auto const cluster = make_cluster("clicks", 1);
    fill(*cluster, "clicks", 0, 10);
    auto settings = settings_for(*cluster, "clicks");
    settings.instance_id = "one";
    GroupMember member(settings);
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 10; }));
    REQUIRE(member.commit_all());
    cluster->push_errors(MockRequest::heartbeat, {82});  // FENCED_INSTANCE_ID
    REQUIRE(member.pump([&] { return member.losses == 1; }, 30s));
    REQUIRE(member.troubles.size() == 1);
    CHECK(member.troubles[0].message.find("source.instance_id") != std::string::npos);
    member.source.commit(std::vector<flow::CommitPoint>{{nullptr, 3}});
    REQUIRE(member.pump([&] { return member.commits.size() == 2; }));
    CHECK_FALSE(member.commits[1].second.has_value());
    // It waits out the old member's session as well.
    REQUIRE(member.pump([&] { return member.slots.size() == 1 && member.recoveries == 1; }, 40s));
    fill(*cluster, "clicks", 0, 5, 10);
    REQUIRE(member.pump([&] { return member.seen.size() == 15; }));
    CHECK(member.close());
}

TEST_CASE("a configuration that makes no client is an error that names the property") {
    SourceSettings settings;
    settings.bootstrap_servers = "127.0.0.1:1";
    settings.group = "group";
    settings.topics = {};
    CHECK(GroupMember(settings).source.start().error().code == ErrorCode::invalid_config);
    settings.topics = {"clicks"};
    settings.properties = {{"no.such.thing", "1"}};
    CHECK(GroupMember(settings).source.start().error().message.find("no.such.thing") !=
          std::string::npos);
    settings.properties = {{"security.protocol", "ssl"}, {"ssl.ca.location", "/nowhere/ca.pem"}};
    auto const broken = GroupMember(settings).source.start();
    REQUIRE_FALSE(broken.has_value());
    CHECK(broken.error().message.find("ssl.ca.location") != std::string::npos);
}

}  // namespace
}  // namespace headrace::kafka
