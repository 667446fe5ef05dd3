// Destinations that fail, refuse, throttle and lock out while records are on their way, with a real
// Apache Kafka. Nothing may be missing afterwards, and nothing buried that was not refused.
#include "harness/kafka_scene.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::integration {
namespace {

using namespace std::chrono_literals;
using emulator::FaultRule;

FaultRule answer_for(int status, Duration how_long) {
    FaultRule rule;
    rule.fault.status = status;
    rule.until = how_long;
    return rule;
}

/// How often the first rule has fired.
std::uint64_t fired(KafkaScene& scene) {
    return scene.emulators.tecton(
        [](auto& logic) { return logic.faults().entries().front().fired; });
}

double dead_lettered(RunningDaemon& daemon) {
    return daemon.metric("headrace_records_dead_lettered_total");
}

/// One id in `one_in`, from the middle of the first such span on.
std::set<std::int64_t> poison_among(std::int64_t total, std::int64_t one_in) {
    std::set<std::int64_t> out;
    for (auto id = one_in / 2; id < total; id += one_in) {
        out.insert(id);
    }
    return out;
}

TEST_CASE("503 for some seconds: few requests meanwhile, and nothing is written twice or buried") {
    auto const outage = std::chrono::seconds(sized(3, 10));
    auto const total = sized(8'000, 40'000);
    KafkaScene scene("broken");
    scene.create_dead_letter_topic();
    scene.feed(0, total);
    RunningDaemon daemon(scene.folder, "daemon",
                         scene.config({.retry = "{initial_ms: 100, probe_ms: 500}"}));
    REQUIRE(daemon.has_started());
    scene.until_written(daemon, 1);
    SystemClock const clock;
    scene.emulators.break_tecton(answer_for(503, outage));
    auto const back_at = clock.now() + outage;
    scene.until(daemon, "the breaker opens", [&] { return daemon.state("events") == "broken"; });
    CHECK(daemon.get("/readyz").status == 503);
    CHECK(await([&] { return clock.now() >= back_at; }));
    scene.until_written(daemon, 1);
    auto const moving = std::chrono::duration<double>(clock.now() - back_at).count();
    scene.until_through(daemon);
    figure("broken.requests_in_outage", static_cast<double>(fired(scene)), "requests");
    figure("broken.moving_again_after", moving, "s");
    // Those in flight, their quick retries, and a probe every half second.
    CHECK(fired(scene) <= 8 + 50);
    CHECK(scene.check_nothing_lost(total) == 0);
    CHECK(dead_lettered(daemon) == 0);
    check_settled(daemon);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("401 for some seconds: blocked, nothing is buried, and it goes on by itself") {
    auto const outage = std::chrono::seconds(sized(3, 10));
    auto const total = sized(8'000, 40'000);
    KafkaScene scene("locked-out");
    scene.create_dead_letter_topic();
    scene.feed(0, total);
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.until_written(daemon, 1);
    scene.emulators.break_tecton(answer_for(401, outage));
    scene.until(daemon, "the route is blocked",
                [&] { return daemon.state("events") == "blocked"; });
    CHECK(daemon.get("/readyz").status == 503);
    scene.until_through(daemon);
    CHECK(scene.check_nothing_lost(total) == 0);
    CHECK(dead_lettered(daemon) == 0);
    CHECK(scene.observer.ends(scene.dead_letter_topic, 1) == std::vector<std::int64_t>{0});
    check_settled(daemon);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("one poison record in 500: each alone is buried, at few requests more") {
    auto const total = sized(10'000, 100'000);
    auto const poison = poison_among(total, 500);
    KafkaScene scene("poison");
    scene.create_dead_letter_topic();
    scene.feed(0, total, poison);
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    CHECK(scene.check_nothing_lost(total, poison) == 0);
    // Refused are the batch and at each halving one half: of ten at most 10, 5, 3, 2 and 1.
    auto const refused = daemon.metric("headrace_write_errors_total", {{"reason", "rejected"}});
    auto const each = refused / static_cast<double>(poison.size());
    figure("poison.refused_requests_per_record", each, "requests");
    CHECK(each <= 5);
    check_settled(daemon);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("20,000 records with 20 poison end as 19,980 written and 20 dead letters, lag 0") {
    constexpr std::int64_t total = 20'000;
    auto const poison = poison_among(total, 1000);
    REQUIRE(poison.size() == 20);
    KafkaScene scene("twenty");
    scene.create_dead_letter_topic();
    scene.feed(0, total, poison);
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    CHECK(scene.written() == 19'980);
    CHECK(scene.observer.ends(scene.dead_letter_topic, 1) == std::vector<std::int64_t>{20});
    CHECK(scene.check_nothing_lost(total, poison) == 0);
    CHECK(daemon.metric("headrace_records_written_total") == 19'980);
    CHECK(dead_lettered(daemon) == 20);
    check_settled(daemon);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("429 with Retry-After: nothing is sent before it has passed, and nothing is buried") {
    auto const hold = std::chrono::seconds(sized(3, 5));
    auto const total = sized(8'000, 20'000);
    KafkaScene scene("throttled");
    scene.create_dead_letter_topic();
    scene.emulators.break_tecton(twenty_ms_each());
    scene.feed(0, total);
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.until_written(daemon, 1);
    // From the first 429 on, at the earliest now, until so long after it: whatever comes in this
    // window was under way at the first one.
    auto throttle = answer_for(429, hold);
    throttle.fault.retry_after = emulator::RetryAfter::seconds;
    throttle.fault.retry_after_secs = static_cast<std::uint32_t>(hold.count());
    scene.emulators.mend_tecton();
    scene.emulators.break_tecton(throttle);
    scene.emulators.break_tecton(twenty_ms_each());
    scene.until(daemon, "it is throttled", [&] { return daemon.state("events") == "throttled"; });
    CHECK(daemon.is_ready());
    scene.until_through(daemon);
    figure("throttled.requests_in_hold", static_cast<double>(fired(scene)), "requests");
    CHECK(fired(scene) >= 1);
    CHECK(fired(scene) <= 8);
    CHECK(scene.check_nothing_lost(total) == 0);
    CHECK(dead_lettered(daemon) == 0);
    check_settled(daemon);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("without its dead-letter topic a route holds the offset, and goes on once it is there") {
    constexpr std::int64_t total = 2'000;
    std::set<std::int64_t> const poison{700};
    KafkaScene scene("no-topic");
    scene.feed(0, total, poison);
    RunningDaemon daemon(scene.folder, "daemon", scene.config());
    REQUIRE(daemon.has_started());
    scene.until(daemon, "the route stops", [&] { return daemon.state("events") == "stopped"; });
    auto const readiness = daemon.get("/readyz");
    CHECK(readiness.status == 503);
    CHECK(readiness.body.find("events: stopped") != std::string::npos);
    CHECK(daemon.get("/healthz").status == 200);
    CHECK(!scene.is_through());
    CHECK(scene.committed_sum() < total);
    scene.create_dead_letter_topic();
    scene.until_through(daemon);
    CHECK(scene.check_nothing_lost(total, poison) == 0);
    check_settled(daemon);
    CHECK(daemon.terminate() == 0);
}

}  // namespace
}  // namespace headrace::integration
