#include "flow/settled_map.hpp"

#include "base/random.hpp"
#include "flow/offset_tracker.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

using namespace headrace;
using flow::Offset;
using flow::OffsetRange;
using flow::read_settled_map;
using flow::SettledBefore;
using flow::SettledMap;
using flow::SettledMapWriter;

namespace {

constexpr std::string_view cluster = "Ww3DsERtSLe1rYDzeBCKQA";
constexpr auto offset_max = std::numeric_limits<Offset>::max();

std::string write(Offset base, std::vector<OffsetRange> const& ranges, std::int32_t epoch = 7) {
    SettledMapWriter writer(base, cluster);
    for (auto const& range : ranges) {
        if (!writer.add(range, epoch)) break;
    }
    return writer.finish();
}

}  // namespace

TEST_CASE("a map of settled offsets reads as it was written") {
    std::vector<OffsetRange> const ranges{{101, 101}, {103, 110}, {114, 128},
                                          {133, 148}, {150, 166}, {5000, 90000}};
    auto const text = write(100, ranges);
    CHECK(text.starts_with("headrace-settled/1 Ww3DsERtSLe1rYDzeBCKQA 100 7 "));
    auto const map = read_settled_map(text);
    REQUIRE(map.has_value());
    CHECK(map->cluster_id == cluster);
    CHECK(map->base == 100);
    CHECK(map->leader_epoch == 7);
    CHECK(map->ranges == ranges);
}

TEST_CASE("a map without a range is no text, and ranges that touch become one") {
    CHECK(write(5, {}).empty());
    auto const map = read_settled_map(write(0, {{0, 0}, {1, 4}, {5, 9}, {11, 11}}));
    REQUIRE(map.has_value());
    CHECK(map->ranges == std::vector<OffsetRange>{{0, 9}, {11, 11}});
}

TEST_CASE("the greatest offsets go through a map") {
    auto const map = read_settled_map(write(1, {{5, 5}, {offset_max - 1, offset_max - 1}}, -1));
    REQUIRE(map.has_value());
    CHECK(map->leader_epoch == -1);
    CHECK(map->ranges.back() == OffsetRange{offset_max - 1, offset_max - 1});
}

TEST_CASE("a map that is too large is cut at its far end") {
    SettledMapWriter writer(0, cluster);
    int added = 0;
    while (writer.add({4 * added + 2, 4 * added + 2}, added < 700 ? 1 : 2))
        ++added;
    CHECK(added > 1000);
    CHECK_FALSE(writer.add({offset_max - 1, offset_max - 1}, 9));
    auto const text = writer.finish();
    CHECK(text.size() <= SettledMap::bytes_max);
    CHECK(text.size() > SettledMap::bytes_max - 50);
    auto const map = read_settled_map(text);
    REQUIRE(map.has_value());
    REQUIRE_FALSE(map->ranges.empty());
    CHECK(map->leader_epoch == 2);
    for (std::size_t i = 0; i != map->ranges.size(); ++i) {
        auto const offset = static_cast<Offset>(4 * i + 2);
        REQUIRE(map->ranges[i] == OffsetRange{offset, offset});
    }
}

TEST_CASE("the leader epoch is that of the last range that found room") {
    SettledMapWriter writer(0, cluster);
    for (Offset at = 1; writer.add({at, at}, static_cast<std::int32_t>(at)); at += 2) {
    }
    auto const map = read_settled_map(writer.finish());
    REQUIRE(map.has_value());
    CHECK(map->leader_epoch == map->ranges.back().last);
}

TEST_CASE("text that is no map of this version is told apart") {
    for (auto const* const text : {"",
                                   "x",
                                   "headrace-settled/1",
                                   "headrace-settled/1 ",
                                   "headrace-settled/2 5 1 AA",
                                   "headrace-settled/1 - 5",
                                   "headrace-settled/1 - 5 ",
                                   "headrace-settled/1 - 5 1",
                                   "headrace-settled/1 - -5 1 AA",
                                   "headrace-settled/1 - 5 -2 AA",
                                   "headrace-settled/1 - 5 99999999999 AA",
                                   "headrace-settled/1 - 99999999999999999999 1 AA",
                                   "headrace-settled/1 - 5 1 w",
                                   "headrace-settled/1 - 5 1 P",
                                   "headrace-settled/1 - 5 1 wg",
                                   "headrace-settled/1 - 5 1 A A",
                                   "headrace-settled/1 - 5 1 A=",
                                   "headrace-settled/1 - 5 1 A\x80",
                                   " headrace-settled/1 - 5 1 AA",
                                   "headrace-settled/1 - 5 1 wgggggggggggggAA",
                                   "headrace-settled/1 - 5 1 P/////////////B",
                                   "headrace-settled/1 - 5 1 w////////////H",
                                   "headrace-settled/1 - 5 1 P////////////H",
                                   "headrace-settled/1 - 9223372036854775807 1 AA",
                                   "headrace-settled/1 - 9223372036854775806 1 AB"}) {
        INFO(text);
        CHECK_FALSE(read_settled_map(text).has_value());
    }
    CHECK(read_settled_map("headrace-settled/1 - 5 1 ").has_value());
    CHECK_FALSE(read_settled_map("headrace-settled/1 " + std::string(65, 'x') + " 5 1 AA"));
    CHECK_FALSE(
        read_settled_map("headrace-settled/1 - 5 1 " + std::string(SettledMap::bytes_max, 'A')));
}

TEST_CASE("a map in use covers its ranges and nothing else") {
    SettledBefore before(SettledMap{"", 10, 3, {{12, 13}, {20, 20}}});
    std::set<Offset> covered;
    for (Offset offset = 10; offset != 30; ++offset) {
        if (before.covers(offset, 3)) covered.insert(offset);
    }
    CHECK(covered == std::set<Offset>{12, 13, 20});
    CHECK(before.is_empty());
    CHECK_FALSE(SettledBefore().covers(0, 0));
}

TEST_CASE("records that an earlier leader wrote are covered, those of a later one end the map") {
    SettledBefore before(SettledMap{"", 10, 3, {{12, 100}}});
    CHECK(before.covers(12, 2));
    CHECK(before.covers(13, 3));
    CHECK_FALSE(before.covers(14, 4));
    CHECK(before.is_empty());
    CHECK_FALSE(before.covers(15, 3));
}

TEST_CASE("a map is not taken for a log whose leader epochs are unknown, or the other way") {
    SettledBefore known(SettledMap{"", 10, 3, {{12, 100}}});
    CHECK_FALSE(known.covers(12, -1));
    CHECK(known.is_empty());
    SettledBefore unknown(SettledMap{"", 10, -1, {{12, 100}}});
    CHECK(unknown.covers(12, -1));
    CHECK_FALSE(unknown.covers(13, 0));
    CHECK(unknown.is_empty());
}

TEST_CASE("a record from before the committed offset ends the map: the topic was made anew") {
    SettledBefore before(SettledMap{"", 10, 0, {{12, 100}}});
    CHECK_FALSE(before.covers(0, 0));
    CHECK_FALSE(before.covers(12, 0));
}

TEST_CASE("what was not read again yet goes on in the next map") {
    SettledBefore before(SettledMap{"", 10, 3, {{12, 13}, {20, 30}, {40, 50}}});
    for (Offset offset = 10; offset != 25; ++offset) {
        std::ignore = before.covers(offset, 3);
    }
    std::vector<OffsetRange> rest;
    before.visit_rest([&](OffsetRange range, std::int32_t epoch) {
        CHECK(epoch == 3);
        rest.push_back(range);
        return true;
    });
    CHECK(rest == std::vector<OffsetRange>{{25, 30}, {40, 50}});
}

TEST_CASE("map and tracker agree with a naive model over random histories") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Random random(seed);
        flow::OffsetTracker tracker;
        std::vector<std::pair<Offset, std::uint64_t>> open;
        std::set<Offset> settled;
        Offset last = static_cast<Offset>(random.next() % 1000);
        auto const gaps = 1 + random.next() % 3;
        for (std::uint64_t steps = random.next() % 3000; steps != 0; --steps) {
            if (open.empty() || random.unit() < 0.55) {
                last += 1 + static_cast<Offset>(random.next() % gaps);
                open.emplace_back(last, tracker.track(last, 0, TimePoint{}, 1));
                continue;
            }
            // Mostly near the front, as requests are.
            auto const at = random.next() % std::min<std::size_t>(open.size(), 40);
            settled.insert(open[at].first);
            tracker.settle(open[at].second);
            open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
        }
        if (!tracker.committable()) continue;
        SettledMapWriter writer(*tracker.committable(), cluster);
        bool const fits = tracker.visit_settled(
            [&](OffsetRange range, std::int32_t epoch) { return writer.add(range, epoch); });
        auto const text = writer.finish();
        SettledBefore before;
        if (!text.empty()) {
            auto map = read_settled_map(text);
            REQUIRE(map.has_value());
            before = SettledBefore(std::move(*map));
        }
        bool is_cut = false;
        for (Offset offset = *tracker.committable(); offset <= last; ++offset) {
            bool const is_open = std::any_of(
                open.begin(), open.end(), [&](auto const& entry) { return entry.first == offset; });
            bool const is_covered = before.covers(offset, 1);
            REQUIRE_FALSE((is_covered && is_open));
            if (settled.contains(offset) && !is_covered) is_cut = true;
            REQUIRE_FALSE((is_cut && is_covered));  // Only the far end may be missing.
        }
        REQUIRE((fits ? !is_cut : true));
    }
}
