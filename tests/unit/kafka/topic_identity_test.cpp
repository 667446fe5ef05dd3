#include "kafka/topic_identity.hpp"

#include "group_member.hpp"
#include "kafka/inquiry.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::kafka {
namespace {

TEST_CASE("a topic that has another id than before is told, once") {
    TopicIdentities identities;
    CHECK(identities.note({{"clicks", "a"}, {"docs", "b"}}).empty());
    CHECK(identities.note({{"clicks", "a"}, {"docs", "b"}}).empty());
    CHECK(identities.note({{"clicks", "c"}, {"docs", "b"}}) == std::vector<std::string>{"clicks"});
    CHECK(identities.note({{"clicks", "c"}}).empty());
}

TEST_CASE("a topic that is gone for a while is still known when it is back") {
    TopicIdentities identities;
    CHECK(identities.note({{"clicks", "a"}}).empty());
    CHECK(identities.note({}).empty());
    CHECK(identities.note({{"clicks", "b"}}) == std::vector<std::string>{"clicks"});
}

TEST_CASE("brokers that are away tell no ids, within the limit") {
    auto const cluster = make_cluster("clicks", 1);
    auto const inquiry = Inquiry::make(settings_for(*cluster, "clicks"));
    REQUIRE(inquiry.has_value());
    cluster->stop_brokers();
    SystemClock const clock;
    auto const before = clock.now();
    CHECK_FALSE(look_up_identities((*inquiry)->client(), {"clicks"}, 500ms).has_value());
    CHECK(clock.now() - before < 5s);
}

}  // namespace
}  // namespace headrace::kafka
