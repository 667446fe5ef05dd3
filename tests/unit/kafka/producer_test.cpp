#include "kafka/producer.hpp"

#include "group_member.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::kafka {
namespace {

TEST_CASE("records without a partition spread by key, equal keys together") {
    auto const cluster = make_cluster("clicks", 4);
    auto producer = Producer::make(cluster->bootstrap());
    REQUIRE(producer.has_value());
    for (int i = 0; i != 100; ++i) {
        auto const key = "k" + std::to_string(i % 20);
        REQUIRE((*producer)
                    ->produce({.topic = "clicks",
                               .partition = std::nullopt,
                               .key = key,
                               .value = "v",
                               .headers = {}})
                    .has_value());
    }
    REQUIRE((*producer)->flush(10s).has_value());
    CHECK((*producer)->written() == 100);
    GroupMember member(settings_for(*cluster, "clicks"));
    member.start();
    REQUIRE(member.pump([&] { return member.seen.size() == 100; }));
    std::map<std::string, std::set<std::int32_t>> partitions;
    for (auto const& record : member.seen)
        partitions[*record.key].insert(record.partition);
    CHECK(partitions.size() == 20);
    for (auto const& [key, where] : partitions)
        CHECK(where.size() == 1);
    CHECK(member.close());
}

TEST_CASE("what cannot be written is an error with numbers") {
    auto const cluster = make_cluster("clicks", 1);
    auto producer = Producer::make(cluster->bootstrap(), {{"message.timeout.ms", "300"},
                                                          {"queue.buffering.max.messages", "3"}});
    REQUIRE(producer.has_value());
    cluster->stop_brokers();
    OutgoingRecord const record{
        .topic = "clicks", .partition = 0, .key = std::nullopt, .value = "v", .headers = {}};
    Result<void> last;
    int count = 0;
    while (last && ++count < 10)
        last = (*producer)->produce(record);
    REQUIRE_FALSE(last.has_value());
    CHECK(last.error().code == ErrorCode::timeout);
    CHECK((*producer)->flush(20ms).error().message.find("were not written within 20 ms") !=
          std::string::npos);
    auto const flushed = (*producer)->flush(10s);
    REQUIRE_FALSE(flushed.has_value());
    CHECK(flushed.error().message.find("3 not written") != std::string::npos);
    CHECK((*producer)->flush(1s).has_value());
}

TEST_CASE("a record larger than the client's limit is refused") {
    auto const cluster = make_cluster("clicks", 1);
    auto producer = Producer::make(cluster->bootstrap(), {{"message.max.bytes", "2000"}});
    REQUIRE(producer.has_value());
    std::string const large(5000, 'x');
    auto const refused = (*producer)->produce(
        {.topic = "clicks", .partition = 0, .key = std::nullopt, .value = large, .headers = {}});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::too_large);
}

TEST_CASE("properties that make no producer are an error") {
    CHECK_FALSE(Producer::make("127.0.0.1:1", {{"no.such", "1"}}).has_value());
    CHECK_FALSE(Producer::make("127.0.0.1:1",
                               {{"security.protocol", "ssl"}, {"ssl.ca.location", "/nowhere"}})
                    .has_value());
}

}  // namespace
}  // namespace headrace::kafka
