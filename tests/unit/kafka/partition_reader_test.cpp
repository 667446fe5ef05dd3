#include "kafka/partition_reader.hpp"

#include "group_member.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
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

}  // namespace
}  // namespace headrace::kafka
