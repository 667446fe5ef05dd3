#include "kafka/probe.hpp"

#include "group_member.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::kafka {
namespace {

TEST_CASE("topics that exist are reported with their partitions, by name and by pattern") {
    auto const cluster = make_cluster("clicks", 3);
    REQUIRE(cluster->create_topic("clicks-eu", 2).has_value());
    REQUIRE(cluster->create_topic("dead", 1).has_value());
    auto settings = settings_for(*cluster, "clicks");
    auto const named = probe({.source = settings, .dead_letter_topic = "dead"});
    CHECK(named.problems.empty());
    REQUIRE(named.topics.size() == 1);
    CHECK(named.topics[0].partitions == 3);
    // The mock cluster does not tell a topic's configuration.
    CHECK_FALSE(named.dead_letter_bytes_max.has_value());
    settings.topics = {"^clicks"};
    CHECK(probe({.source = settings, .dead_letter_topic = std::nullopt}).topics.size() == 2);
    settings.topics = {"^nothing"};
    auto const none = probe({.source = settings, .dead_letter_topic = std::nullopt});
    REQUIRE(none.problems.size() == 1);
    CHECK(none.problems[0].code == ErrorCode::not_found);
}

TEST_CASE("missing topics are named, each") {
    auto const cluster = make_cluster("clicks", 1);
    cluster->fail_topic("gone", 3);
    cluster->fail_topic("dead", 3);
    auto settings = settings_for(*cluster, "clicks");
    settings.topics = {"clicks", "gone"};
    auto const report = probe({.source = settings, .dead_letter_topic = "dead"});
    REQUIRE(report.problems.size() == 2);
    CHECK(report.problems[0].code == ErrorCode::not_found);
    CHECK(report.problems[0].message.find("gone") != std::string::npos);
    CHECK(report.problems[1].message.find("dead_letters.topic") != std::string::npos);
    CHECK(report.topics.size() == 1);
}

TEST_CASE("a group that may not be read is a problem of the group") {
    auto const cluster = make_cluster("clicks", 1);
    cluster->push_errors(MockRequest::offset_fetch, {30, 30, 30});
    auto const settings = settings_for(*cluster, "clicks");
    auto const report = probe({.source = settings, .dead_letter_topic = std::nullopt});
    REQUIRE(report.problems.size() == 1);
    CHECK(report.problems[0].message.find("source.group group") != std::string::npos);
    CHECK(report.problems[0].code == ErrorCode::permission);
}

TEST_CASE("brokers that do not answer are one problem with the reason, within the time-out") {
    SourceSettings settings;
    settings.bootstrap_servers = "127.0.0.1:1";
    settings.topics = {"clicks"};
    settings.group = "group";
    SystemClock const clock;
    auto const before = clock.now();
    auto const report = probe({.source = settings, .dead_letter_topic = "dead", .timeout = 500ms});
    CHECK(clock.now() - before < 3s);
    REQUIRE(report.problems.size() == 1);
    CHECK(report.problems[0].code == ErrorCode::connection);
    CHECK(report.problems[0].message.find("refused") != std::string::npos);
}

TEST_CASE("settings that make no client are a problem") {
    SourceSettings settings;
    settings.topics = {"clicks"};
    settings.properties = {{"nonsense", "1"}};
    CHECK(probe({.source = settings, .dead_letter_topic = std::nullopt}).problems.size() == 1);
}

}  // namespace
}  // namespace headrace::kafka
