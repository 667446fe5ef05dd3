#include "flow/splitter.hpp"

#include <catch2/catch_test_macros.hpp>

#include <set>

using namespace headrace;
using flow::Order;
using flow::Splitter;

namespace {
flow::TopicPartition const origin{"t", 0, 12345};
flow::Record record(std::string const& key) {
    return flow::make_record(origin, 0, key, "v");
}
std::vector<std::uint64_t> const idle{0, 0, 0, 0};
std::vector<std::uint64_t> const full(4, Splitter::full_backlog);

void grow(Splitter& splitter, std::uint32_t lanes) {
    while (splitter.in_use() < lanes) {
        splitter.adapt(full, 64);
    }
}
}  // namespace

TEST_CASE("one lane is used until it is full, and given up when it is idle for long") {
    Splitter splitter(Order::none, 4);
    for (int i = 0; i < 100; ++i) {
        splitter.adapt(idle, 64);
    }
    CHECK(splitter.in_use() == 1);
    splitter.adapt(full, 64);
    CHECK(splitter.in_use() == 1);  // A moment's peak is no reason.
    splitter.adapt(full, 64);
    CHECK(splitter.in_use() == 2);
    for (int i = 0; i < 50; ++i) {
        splitter.adapt(idle, 64);
    }
    CHECK(splitter.in_use() == 1);
}

TEST_CASE("there are no more lanes than can have two requests in flight each") {
    Splitter splitter(Order::none, 4);
    for (int i = 0; i < 20; ++i) {
        splitter.adapt(full, 5);
    }
    CHECK(splitter.in_use() == 2);
    for (int i = 0; i < 20; ++i) {
        splitter.adapt(full, 1);
    }
    CHECK(splitter.in_use() == 2);
}

TEST_CASE("without an order a record goes to the first lane with room, else to the emptiest") {
    Splitter splitter(Order::none, 4);
    grow(splitter, 3);
    CHECK(splitter.place(record("a"), idle).lane == 0);
    std::vector<std::uint64_t> backlogs{Splitter::full_backlog, 5, 0, 0};
    CHECK(splitter.place(record("a"), backlogs).lane == 1);
    backlogs = {9000, 8000, 8500, 0};
    CHECK(splitter.place(record("a"), backlogs).lane == 1);
}

TEST_CASE("a key changes its lane only while nothing of it is open") {
    Splitter splitter(Order::key, 4);
    std::vector<std::pair<std::string, flow::Place>> open;
    for (int i = 0; i < 200; ++i) {
        auto const key = "key-" + std::to_string(i);
        open.emplace_back(key, splitter.place(record(key), idle));
        REQUIRE(open.back().second.lane == 0);
    }
    grow(splitter, 4);
    for (auto const& [key, place] : open) {
        auto const again = splitter.place(record(key), idle);
        CHECK(again.lane == place.lane);
        splitter.settle(again);
        splitter.settle(place);
    }
    std::set<std::uint32_t> lanes;
    for (auto const& [key, place] : open) {
        lanes.insert(splitter.place(record(key), idle).lane);
    }
    CHECK(lanes.size() == 4);
}

TEST_CASE("by partition all records of a partition share a lane") {
    Splitter splitter(Order::partition, 4);
    grow(splitter, 4);
    CHECK(splitter.place(record("a"), idle).lane == splitter.place(record("b"), idle).lane);
}

TEST_CASE("with one lane nothing is counted") {
    Splitter splitter(Order::key, 1);
    auto const place = splitter.place(record("a"), idle);
    CHECK(place.lane == 0);
    splitter.settle(place);
}
