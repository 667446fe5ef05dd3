#include "kafka/mock_cluster.hpp"

#include "group_member.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::kafka {
namespace {

TEST_CASE("a cluster of several brokers serves producers and consumers") {
    auto const cluster = make_cluster("clicks", 6, 3);
    auto const brokers = cluster->bootstrap();
    CHECK(std::count(brokers.begin(), brokers.end(), ',') == 2);
    CHECK_FALSE(cluster->create_topic("clicks", 6).has_value());
    for (std::int32_t partition = 0; partition != 6; ++partition)
        fill(*cluster, "clicks", partition, 10);
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 60; }));
    CHECK(member.close());
}

TEST_CASE("a round trip delays answers, and errors that are taken back do not happen") {
    auto const cluster = make_cluster("clicks", 1);
    cluster->set_round_trip(100ms);
    cluster->push_errors(MockRequest::produce, {29});  // TOPIC_AUTHORIZATION_FAILED
    cluster->clear_errors(MockRequest::produce);
    SystemClock const clock;
    auto const before = clock.now();
    fill(*cluster, "clicks", 0, 1);
    CHECK(clock.now() - before >= 100ms);
}

}  // namespace
}  // namespace headrace::kafka
