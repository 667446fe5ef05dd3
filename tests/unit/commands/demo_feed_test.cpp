#include "commands/demo_feed.hpp"

#include "base/json.hpp"
#include "kafka/mock_cluster.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using namespace headrace::commands;

TEST_CASE("generated records are JSON objects, and the same number gives the same document") {
    JsonValidator validator;
    for (std::uint64_t id = 0; id < 500; ++id) {
        auto const click = make_click(id, WallTime{});
        REQUIRE(validator.check_object(click));
        REQUIRE(find_raw(click, "/event_id") == std::to_string(id));
        auto const document = make_document(id);
        REQUIRE(validator.check_object(document));
        REQUIRE(find_raw(document, "/id") == std::to_string(id));
        REQUIRE(document == make_document(id));
    }
}

TEST_CASE("four of five records are clicks") {
    CHECK(FeedCounts::share(1000).clicks == 800);
    CHECK(FeedCounts::share(1000).documents == 200);
    CHECK(FeedCounts::share(1).total() == 1);
    CHECK(FeedCounts::share(7).total() == 7);
}

TEST_CASE("the feed writes each number once, in steps") {
    auto cluster = kafka::MockCluster::make();
    REQUIRE(cluster);
    REQUIRE((*cluster)->create_topic("clicks", 2));
    REQUIRE((*cluster)->create_topic("documents", 2));
    auto producer = kafka::Producer::make((*cluster)->bootstrap());
    REQUIRE(producer);
    auto* const raw = producer->get();
    DemoFeed feed(std::move(*producer));
    CHECK(feed.write_up_to({5, 2}, WallTime{}));
    CHECK(feed.write_up_to({5, 2}, WallTime{}));
    CHECK(feed.write_up_to({8, 1}, WallTime{}));
    CHECK(feed.written().clicks == 8);
    CHECK(feed.written().documents == 2);
    REQUIRE(raw->flush(std::chrono::seconds(10)));
    CHECK(raw->written() == 10);
}
