// Tecton's test matrix (docs of the contract, section 8), each row by its name: the built binary,
// librdkafka's mock cluster, and the double of Tecton.
#include "harness/mock_scene.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::integration {
namespace {

using namespace std::chrono_literals;
using emulator::FaultKind;
using emulator::FaultRule;
using emulator::WriteEffect;

constexpr char const* errors_total = "headrace_write_errors_total";

FaultRule answer_with(int status, std::uint64_t count) {
    FaultRule rule;
    rule.fault.status = status;
    rule.count = count;
    return rule;
}

void restore_source(Emulators& emulators, char const* name) {
    auto const sources = emulator::default_tecton_settings().sources;
    for (auto const& source : sources) {
        if (source.name == name)
            emulators.tecton([&](auto& logic) { logic.set_source(source, SystemClock{}.now()); });
    }
}

/// What every blocked row shows: the alarm by log, metric and /readyz, and nothing given up.
void check_alarm(MockScene& scene, RunningDaemon& daemon, std::string const& word) {
    scene.until(daemon, "the route is blocked",
                [&] { return daemon.state("clicks") == "blocked"; });
    auto const readiness = daemon.get("/readyz");
    CHECK(readiness.status == 503);
    CHECK(readiness.body.find("clicks: blocked") != std::string::npos);
    CHECK(readiness.body.find(word) != std::string::npos);
    scene.until(daemon, "the log says so", [&] {
        return daemon.has_logged("_blocked") && daemon.has_logged("state=blocked");
    });
    CHECK(daemon.metric(errors_total, {{"reason", "blocked"}}) >= 1);
    CHECK(scene.clicks_written() == 0);
    CHECK(scene.committed() == 0);
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
}

void check_all_arrived(MockScene& scene, RunningDaemon& daemon, std::int64_t count) {
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", count) == 0);
    CHECK(scene.dead_letters().empty());
    CHECK(daemon.metric("headrace_records_dead_lettered_total") == 0);
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    scene.until(daemon, "the daemon is ready", [&] { return daemon.is_ready(); });
    CHECK(daemon.state("clicks") == "flowing");
}

TEST_CASE("stream source exists (200): records are written and their offsets settle") {
    MockScene scene;
    scene.feed_clicks(0, 500);
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    check_all_arrived(scene, daemon, 500);
    auto const stats = scene.emulators.tecton_stats();
    CHECK(stats.records_written == 500);
    CHECK(daemon.metric("headrace_records_written_total") == 500);
    CHECK(daemon.metric("headrace_write_requests_total") ==
          static_cast<double>(stats.ingest_requests));
    CHECK(daemon.metric(errors_total) == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("stream source not found (404): blocked with an alarm, goes on once it exists") {
    MockScene scene;
    scene.emulators.tecton([](auto& logic) { logic.remove_source("clicks"); });
    scene.feed_clicks(0, 50);
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    check_alarm(scene, daemon, "stream source");
    restore_source(scene.emulators, "clicks");
    check_all_arrived(scene, daemon, 50);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("one stream source not found (404): only that one waits, the others are written") {
    MockScene scene;
    scene.emulators.tecton([](auto& logic) { logic.remove_source("views"); });
    for (std::int64_t id = 0; id != 40; ++id) {
        bool const is_view = id % 2 == 1;
        scene.feed.write({.topic = "clicks",
                          .key = std::to_string(id),
                          .value = is_view ? view(id / 2) : click(id / 2),
                          .source = is_view ? "views" : "clicks"});
    }
    scene.feed.flush();
    RunningDaemon daemon(scene.folder, "daemon",
                         scene.tecton_config({.stream_source_name = "{header: source}"}));
    REQUIRE(daemon.has_started());
    scene.until(daemon, "the clicks are written",
                [&] { return scene.emulators.tecton_missing("clicks", 20) == 0; });
    scene.until(daemon, "the other is missed", [&] { return daemon.has_logged("target_blocked"); });
    CHECK(!scene.is_through());
    restore_source(scene.emulators, "views");
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("views", 20) == 0);
    CHECK(scene.dead_letters().empty());
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("workspace not found (404): blocked with an alarm, goes on once it exists") {
    MockScene scene;
    scene.emulators.tecton([](auto& logic) { logic.remove_workspace("prod"); });
    scene.feed_clicks(0, 50);
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    check_alarm(scene, daemon, "workspace");
    scene.emulators.tecton([](auto& logic) { logic.set_workspace({"prod", true}); });
    check_all_arrived(scene, daemon, 50);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("invalid API key (401): blocked, goes on once the key file is mended in place") {
    MockScene scene;
    auto const key = scene.folder.write("key", "wrong-key\n");
    scene.feed_clicks(0, 50);
    // Probes are rare here: the changed file itself must set it going.
    RunningDaemon daemon(scene.folder, "daemon",
                         scene.tecton_config({.api_key = "${file:" + key + "}",
                                              .retry = "{blocked_probe_ms: 3600000}"}));
    REQUIRE(daemon.has_started());
    check_alarm(scene, daemon, "key");
    CHECK(!daemon.has_logged("wrong-key"));
    scene.folder.write("key", "demo-key\n");
    check_all_arrived(scene, daemon, 50);
    CHECK(daemon.terminate() == 0);
    CHECK(!daemon.has_logged("demo-key"));
}

TEST_CASE("key without write role (403): blocked, goes on once the key file is replaced") {
    MockScene scene;
    scene.emulators.tecton([](auto& logic) {
        logic.set_key({"viewer-key", emulator::Role::viewer, {}}, SystemClock{}.now());
    });
    auto const key = scene.folder.write("key", "viewer-key");
    scene.feed_clicks(0, 50);
    RunningDaemon daemon(scene.folder, "daemon",
                         scene.tecton_config({.api_key = "${file:" + key + "}"}));
    REQUIRE(daemon.has_started());
    check_alarm(scene, daemon, "role");
    scene.folder.replace("key", "demo-key");
    check_all_arrived(scene, daemon, 50);
    CHECK(daemon.terminate() == 0);
}

void check_headers_of_culprit(SeenRecord const& letter, std::string const& offset) {
    CHECK(letter.header("headrace.topic") == "clicks");
    CHECK(letter.header("headrace.partition") == "2");
    CHECK(letter.header("headrace.offset") == offset);
    CHECK(letter.header("headrace.timestamp") == std::to_string(letter.timestamp_ms));
    CHECK(letter.header("headrace.route") == "clicks");
    CHECK(letter.header("headrace.destination") == "tecton");
    CHECK(letter.header("headrace.stage") == "write");
    CHECK(letter.header("headrace.reason") == "rejected");
    CHECK(letter.header("headrace.status") == "400");
    CHECK(letter.header("headrace.message").find("clicked") != std::string::npos);
    CHECK(letter.header("headrace.replays") == "0");
    CHECK(std::stoi(letter.header("headrace.attempts")) >= 1);
    CHECK(letter.header("headrace.first_failure").size() == 24);
    CHECK(letter.header("headrace.last_failure") >= letter.header("headrace.first_failure"));
    CHECK(letter.header("headrace.version") != "(absent)");
    CHECK(letter.header("__connect.errors.topic") == "clicks");
    CHECK(letter.header("__connect.errors.offset") == offset);
    CHECK(letter.header("__connect.errors.connector.name") == "clicks");
    CHECK(letter.header("source") == "clicks");
}

TEST_CASE("schema mismatch (400): the culprit is dead-lettered, its neighbours are written") {
    MockScene scene;
    auto const feed = [&](std::int64_t id, std::string const& value) {
        scene.feed.write({.topic = "clicks",
                          .key = std::to_string(id),
                          .value = value,
                          .source = "clicks",
                          .partition = 2});
    };
    std::string const culprit =
        R"({"event_id":13,"user_id":"u","timestamp":"2026-01-02T03:04:05Z",)"
        R"("clicked":"yes"})";
    for (std::int64_t id = 0; id != 40; ++id) {
        feed(id, id == 13 ? culprit : click(id));
    }
    scene.feed.flush();
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    CHECK(scene.clicks_written() == 39);
    CHECK(scene.emulators.tecton_missing("clicks", 40) == 1);
    auto const letters = scene.dead_letters();
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].value == culprit);
    CHECK(letters[0].key == "13");
    check_headers_of_culprit(letters[0], "13");
    CHECK(daemon.metric("headrace_records_dead_lettered_total", {{"reason", "rejected"}}) == 1);
    CHECK(daemon.metric("headrace_records_written_total") == 39);
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    CHECK(daemon.is_ready());
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("batching under the threshold: a short batch leaves when linger_ms has passed") {
    constexpr auto linger = 700ms;
    MockScene scene;
    RunningDaemon daemon(scene.folder, "daemon",
                         scene.tecton_config({.batch = "{linger_ms: 700}"}));
    REQUIRE(daemon.has_started());
    auto const feed = [&](std::int64_t id) {
        scene.feed.write(
            {.topic = "clicks", .key = std::to_string(id), .value = click(id), .partition = 0});
    };
    // With the first one every connection is made, so that the others show the wait alone.
    feed(0);
    scene.until(daemon, "the first is written", [&] { return scene.clicks_written() == 1; });
    SystemClock const clock;
    auto const before = clock.now();
    for (std::int64_t id = 1; id != 4; ++id) {
        feed(id);
    }
    scene.feed.flush();
    scene.until(daemon, "they are written", [&] { return scene.clicks_written() == 4; });
    CHECK(clock.now() - before >= linger);
    CHECK(scene.emulators.tecton_stats().ingest_requests == 2);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("batching over the threshold: full batches do not wait, none is above ten a source") {
    MockScene scene;
    for (std::int64_t id = 0; id != 190; ++id) {
        bool const is_view = id % 2 == 1;
        scene.feed.write({.topic = "clicks",
                          .key = std::to_string(id),
                          .value = is_view ? view(id / 2) : click(id / 2),
                          .source = is_view ? "views" : "clicks",
                          .partition = 0});
    }
    scene.feed.flush();
    // Only what fills a batch may leave within the test's patience: five of each source stay.
    RunningDaemon daemon(scene.folder, "daemon",
                         scene.tecton_config({.stream_source_name = "{header: source}",
                                              .batch = "{linger_ms: 600000}",
                                              .limits = "{drain_secs: 20, workers: 1}"}));
    REQUIRE(daemon.has_started());
    scene.until(daemon, "18 full batches are written",
                [&] { return scene.clicks_written() == 180; });
    for (auto const* const source : {"clicks", "views"}) {
        auto const greatest = scene.emulators.tecton([&](auto& logic) {
            return logic.store().sources().at(source).records_per_request_max;
        });
        CHECK(greatest == 10);
    }
    scene.until(daemon, "the ten others wait",
                [&] { return daemon.metric("headrace_records_in_flight") == 10; });
    // What was never sent is given back, not sent in haste.
    CHECK(daemon.terminate() == 0);
    CHECK(scene.clicks_written() == 180);
    CHECK(scene.committed() == 180);
}

TEST_CASE("network interruption: resets before and after the write are retried, one row each") {
    MockScene scene;
    FaultRule before = answer_with(0, 3);
    before.fault.kind = FaultKind::reset;
    FaultRule after = before;
    after.fault.write = WriteEffect::whole;
    scene.emulators.break_tecton(before);
    scene.emulators.break_tecton(after);
    scene.feed_clicks(0, 100);
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    check_all_arrived(scene, daemon, 100);
    CHECK(daemon.metric(errors_total, {{"reason", "connection"}}) >= 1);
    CHECK(daemon.metric("headrace_records_retried_total", {{"reason", "connection"}}) >= 1);
    CHECK(daemon.metric("headrace_records_written_total") == 100);
    auto const rows = scene.emulators.tecton([](auto& logic) { return logic.store().view(0); });
    CHECK(rows.rows == 100);
    CHECK(rows.repeated >= 1);
    CHECK(rows.overwritten == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("rate limit (429): the route is throttled, concurrency falls, then all is written") {
    MockScene scene;
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    scene.feed_clicks(0, 200);
    scene.until_through(daemon);
    auto const limit_before = daemon.metric("headrace_concurrency_limit");
    scene.emulators.break_tecton(answer_with(429, 1'000'000));
    scene.feed_clicks(200, 200);
    scene.until(daemon, "the route is throttled",
                [&] { return daemon.state("clicks") == "throttled"; });
    scene.until(daemon, "concurrency falls",
                [&] { return daemon.metric("headrace_concurrency_limit") < limit_before; });
    // Throttling is no fault of the destination: the breaker stays closed, the daemon ready.
    scene.until(daemon, "six were refused", [&] {
        return daemon.metric(errors_total, {{"reason", "throttled"}}) >= 6;
    });
    CHECK(daemon.state("clicks") == "throttled");
    CHECK(daemon.is_ready());
    scene.emulators.mend_tecton();
    check_all_arrived(scene, daemon, 400);
    CHECK(scene.emulators.tecton_duplicates("clicks") == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("the operator's own rate_limit: full requests at its pace, and the route is flowing") {
    MockScene scene;
    scene.feed_clicks(0, 300);
    RunningDaemon daemon(
        scene.folder, "daemon",
        scene.tecton_config({.batch = "{linger_ms: 200}", .rate_limit = "{requests_per_sec: 20}"}));
    REQUIRE(daemon.has_started());
    SystemClock const clock;
    scene.until(daemon, "the first is written", [&] { return scene.clicks_written() != 0; });
    auto const first_seen = clock.now();
    auto const already = scene.emulators.tecton_stats().by_status[200];
    CHECK(daemon.state("clicks") == "flowing");
    check_all_arrived(scene, daemon, 300);
    auto const requests = scene.emulators.tecton_stats().by_status[200];
    CHECK(requests >= 30);
    CHECK(requests <= 60);
    // A tenth of a second's worth and one more may go at once.
    auto const least =
        std::chrono::duration<double>(static_cast<double>(requests - already - 3) / 20);
    CHECK(clock.now() - first_seen >= least);
    CHECK(daemon.metric("headrace_rate_limited_seconds_total", {{"limit", "requests"}}) > 0.3);
    CHECK(daemon.metric("headrace_rate_limited_seconds_total", {{"limit", "bytes"}}) == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("rate limit (429) with Retry-After: nothing at all is sent before it has passed") {
    MockScene scene;
    auto rule = answer_with(429, 1);
    rule.fault.retry_after = emulator::RetryAfter::seconds;
    rule.fault.retry_after_secs = 3;
    scene.emulators.break_tecton(rule);
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config({.http = "{concurrency: 8}"}));
    REQUIRE(daemon.has_started());
    scene.feed_clicks(0, 1);
    scene.until(daemon, "429 was answered",
                [&] { return scene.emulators.tecton_stats().by_status[429] == 1; });
    SystemClock const clock;
    auto const refused_at = clock.now();
    // The hold is the destination's: others have free places and wait all the same.
    scene.feed_clicks(1, 99);
    scene.until(daemon, "the next request comes",
                [&] { return scene.emulators.tecton_stats().ingest_requests >= 2; });
    // Seen a little late, hence less than the three seconds.
    CHECK(clock.now() - refused_at >= 2500ms);
    check_all_arrived(scene, daemon, 100);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("malformed record: dead-lettered at decode with the parser's reason, no request") {
    MockScene scene;
    std::vector<std::pair<std::string, std::string>> const cases{
        {"", "empty_value"},
        {"not json", "invalid_json"},
        {"{\"a\":tru}", "invalid_json"},
        {"{\"a\":1", "invalid_json"},
        {"[1,2]", "not_an_object"},
        {"17", "not_an_object"},
        {"{\"a\":\"\xff\"}", "invalid_json"}};
    for (auto const& [value, reason] : cases) {
        scene.feed.write({.topic = "clicks", .key = reason, .value = value, .partition = 1});
    }
    scene.feed.flush();
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    auto const letters = scene.dead_letters();
    REQUIRE(letters.size() == cases.size());
    for (std::size_t i = 0; i != cases.size(); ++i) {
        INFO(cases[i].first << ": " << letters[i].header("headrace.message"));
        CHECK(letters[i].value == cases[i].first);
        CHECK(letters[i].header("headrace.stage") == "decode");
        CHECK(letters[i].header("headrace.reason") == cases[i].second);
        CHECK(!letters[i].header("headrace.message").empty());
        CHECK(letters[i].header("headrace.attempts") == "0");
        CHECK(letters[i].header("headrace.status").empty());
    }
    CHECK(scene.emulators.tecton_stats().requests == 0);
    CHECK(daemon.metric("headrace_records_dead_lettered_total") ==
          static_cast<double>(cases.size()));
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    CHECK(daemon.is_ready());
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("timeout: a stall beyond timeout_secs is an error with that reason, then success") {
    MockScene scene;
    FaultRule stall = answer_with(0, 2);
    stall.fault.kind = FaultKind::stall;
    scene.emulators.break_tecton(stall);
    scene.feed_clicks(0, 100);
    RunningDaemon daemon(scene.folder, "daemon",
                         scene.tecton_config({.http = "{timeout_secs: 0.5}"}));
    REQUIRE(daemon.has_started());
    check_all_arrived(scene, daemon, 100);
    CHECK(daemon.metric(errors_total, {{"reason", "timeout"}}) >= 2);
    CHECK(daemon.metric("headrace_records_retried_total", {{"reason", "timeout"}}) >= 2);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("timeout: with then: block the batch stays, the breaker opens and closes again") {
    MockScene scene;
    FaultRule stall = answer_with(0, 1'000'000);
    stall.fault.kind = FaultKind::stall;
    scene.emulators.break_tecton(stall);
    scene.feed_clicks(0, 100);
    RunningDaemon daemon(scene.folder, "daemon",
                         scene.tecton_config({.http = "{timeout_secs: 0.2}"}));
    REQUIRE(daemon.has_started());
    scene.until(daemon, "the breaker opens", [&] { return daemon.state("clicks") == "broken"; });
    CHECK(daemon.get("/readyz").status == 503);
    CHECK(scene.committed() == 0);
    scene.emulators.mend_tecton();
    check_all_arrived(scene, daemon, 100);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("timeout: with then: dead_letter the records move on after max_retries") {
    MockScene scene;
    FaultRule stall = answer_with(0, 1'000'000);
    stall.fault.kind = FaultKind::stall;
    scene.emulators.break_tecton(stall);
    for (std::int64_t id = 0; id != 10; ++id) {
        scene.feed.write(
            {.topic = "clicks", .key = std::to_string(id), .value = click(id), .partition = 0});
    }
    scene.feed.flush();
    RunningDaemon daemon(
        scene.folder, "daemon",
        scene.tecton_config({.http = "{timeout_secs: 0.2}",
                             .retry = "{max_retries: 2, initial_ms: 20, probe_ms: 50, then: "
                                      "dead_letter}"}));
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    auto const letters = scene.dead_letters();
    REQUIRE(letters.size() == 10);
    for (auto const& letter : letters) {
        CHECK(letter.header("headrace.stage") == "write");
        CHECK(letter.header("headrace.reason") == "retries_exhausted");
        CHECK(letter.header("headrace.message").find("timeout") != std::string::npos);
        CHECK(letter.header("headrace.attempts") == "3");
    }
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    CHECK(daemon.terminate() == 0);
}

}  // namespace
}  // namespace headrace::integration
