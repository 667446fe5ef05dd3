#include "flow/offset_tracker.hpp"

#include "base/random.hpp"

#include <catch2/catch_test_macros.hpp>

#include <map>
#include <set>

using namespace headrace;
using flow::OffsetTracker;

TEST_CASE("nothing can be committed before the first record") {
    OffsetTracker const tracker;
    CHECK_FALSE(tracker.committable());
    CHECK_FALSE(tracker.first_open());
}

TEST_CASE("the commit is the lowest unsettled offset, or the one after the last record") {
    OffsetTracker tracker;
    auto const first = tracker.track(10, 100, TimePoint{});
    auto const second = tracker.track(11, 101, TimePoint{});
    auto const third = tracker.track(15, 102, TimePoint{});  // A gap: compaction.
    CHECK(tracker.committable() == 10);
    tracker.settle(second);
    CHECK(tracker.committable() == 10);
    tracker.settle(first);
    CHECK(tracker.committable() == 15);
    CHECK(tracker.first_open()->timestamp_ms == 102);
    tracker.settle(third);
    CHECK(tracker.committable() == 16);
    CHECK(tracker.open() == 0);
    CHECK(tracker.read() == 3);
}

TEST_CASE("the tracker agrees with a naive model over random histories") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Random random(seed);
        OffsetTracker tracker;
        std::map<flow::Offset, std::uint64_t> open;
        flow::Offset last = -1;
        for (int step = 0; step < 2000; ++step) {
            if (open.empty() || random.unit() < 0.52) {
                last += 1 + static_cast<flow::Offset>(random.next() % 3);
                open[last] = tracker.track(last, last, TimePoint{});
            } else {
                auto at = open.begin();
                std::advance(at, static_cast<long>(random.next() % open.size()));
                tracker.settle(at->second);
                open.erase(at);
            }
            REQUIRE(tracker.open() == open.size());
            REQUIRE(tracker.committable() == (open.empty() ? last + 1 : open.begin()->first));
        }
    }
}

TEST_CASE("memory for records that were tracked once is given back") {
    flow::OffsetTracker tracker;
    constexpr std::uint64_t count = 100'000;
    for (std::uint64_t i = 0; i != count; ++i) {
        tracker.track(static_cast<flow::Offset>(i), 0, {});
    }
    CHECK(tracker.bytes() <= count * flow::OffsetTracker::record_bytes_max);
    for (std::uint64_t i = count - 10; i-- != 0;) {
        tracker.settle(i);
    }
    CHECK(tracker.ahead() == 10);
    CHECK(tracker.bytes() <= std::size_t{4096} * flow::OffsetTracker::record_bytes_max);
    CHECK(tracker.committable() == static_cast<flow::Offset>(count - 10));
    for (std::uint64_t i = count - 10; i != count; ++i) {
        tracker.settle(i);
    }
    CHECK(tracker.committable() == static_cast<flow::Offset>(count));
}
