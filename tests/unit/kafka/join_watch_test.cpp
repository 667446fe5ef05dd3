#include "kafka/join_watch.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::kafka {
namespace {

using namespace std::chrono_literals;

constexpr std::int16_t join_group = 11;
constexpr std::int16_t heartbeat = 12;
constexpr std::int16_t sync_group = 14;
constexpr TimePoint now{100s};

TEST_CASE("a member joins from its JoinGroup until its SyncGroup is answered") {
    JoinWatch watch;
    CHECK_FALSE(watch.is_joining(now));
    watch.on_sent(heartbeat);
    CHECK_FALSE(watch.is_joining(now));
    watch.on_sent(join_group);
    CHECK(watch.is_joining(now));
    watch.on_answered(heartbeat, false);
    watch.on_answered(join_group, false);
    CHECK(watch.is_joining(now));
    watch.on_sent(sync_group);
    CHECK(watch.is_joining(now));
    watch.on_answered(sync_group, false);
    CHECK_FALSE(watch.is_joining(now));
}

TEST_CASE("a join whose connection is lost is over until the next one is sent") {
    JoinWatch watch;
    watch.on_sent(join_group);
    watch.on_answered(join_group, true);
    CHECK_FALSE(watch.is_joining(now));
    watch.on_sent(join_group);
    watch.on_answered(join_group, false);
    watch.on_sent(sync_group);
    watch.on_answered(sync_group, true);
    CHECK_FALSE(watch.is_joining(now));
}

TEST_CASE("a join that is expected counts until it is sent or its time has passed") {
    JoinWatch watch;
    watch.expect(now + 10s);
    CHECK(watch.is_joining(now));
    CHECK_FALSE(watch.is_joining(now + 10s));
    watch.on_sent(join_group);
    watch.on_answered(sync_group, false);
    CHECK_FALSE(watch.is_joining(now));
}

}  // namespace
}  // namespace headrace::kafka
