#include "ops/status_json.hpp"

#include "base/json.hpp"
#include "sample_routes.hpp"

#include <catch2/catch_test_macros.hpp>

#include <limits>
#include <string>
#include <vector>

namespace headrace::ops {

TEST_CASE("the status of a route that flows, word for word") {
    std::vector const routes{clicks_route()};
    CHECK(
        status_json(routes, "0.1.0", 12.345) ==
        R"({"version":"0.1.0","uptime_secs":12.345,"config":{"loaded_at":)"
        R"("1970-01-01T00:00:00.000Z","reloading":false,"last_reload":null,"at_restart":[]},)"
        R"("routes":[{"name":"clicks",)"
        R"("destination":"tecton","state":"flowing","since":"2026-11-21T09:00:00.000Z","reason":"",)"
        R"("joined":true,"trouble":"","partitions":[{"topic":"clicks","partition":3,)"
        R"("read":9007199254740993,"committed":1200,"end":1300,"lag_records":100,"lag_secs":2.5,)"
        R"("blocking":{"offset":1200,"age_secs":1.5,"attempts":4,"error":"429 \"slow down\""}}],)"
        R"("concurrency":{"limit":16.5,"in_flight":10,"latency_secs":0.025,)"
        R"("changes":{"more":4,"less":3,"throttled":2,"failing":1,"recovered":0}},)"
        R"("rate_limited_secs":{"requests":0,"records":2.5,"bytes":0},)"
        R"("rates":{"read":120.5,"written":118},)"
        R"("records":{"read":1300,"written":1180,"dead_lettered":11,"skipped":5,"returned":4,)"
        R"("retried":40,"expired":7,"in_flight":100,"in_flight_bytes":51200,"unaccounted":0},)"
        R"("requests":{"write":130,"check":2,"errors":{"timeout":0,"connection":0,"tls":0,)"
        R"("throttled":4,"server_error":0,"rejected":0,"blocked":0,"bad_response":0}},)"
        R"("dead_letters":{"invalid_json":10,"odd":1},)"
        R"("memory":{"bytes":1000000,"limit_bytes":134217728}}]})");
}

TEST_CASE("what is not known yet is null, and a reason's quotes are escaped") {
    std::string const text = status_json(std::vector{blocked_route()}, "0.1.0", 0);
    CHECK(text.find(R"("state":"blocked","since":"2026-11-21T09:00:01.250Z",)"
                    R"("reason":"collection \"docs\" not found")") != std::string::npos);
    CHECK(
        text.find(R"("committed":null,"end":null,"lag_records":0,"lag_secs":0,"blocking":null)") !=
        std::string::npos);
}

TEST_CASE("the status is valid JSON whatever a peer wrote into a reason") {
    auto route = clicks_route();
    route.reason = std::string("</script>\"\\\n\0\xFF\xC3", 15);
    route.trouble = "\xED\xA0\x80";
    route.dead_lettered_by_reason["\"\xFF"] = 1;
    route.partitions.front().blocking->error = "\x01\x1f";
    route.concurrency_limit = std::numeric_limits<double>::infinity();
    route.read_per_sec = std::numeric_limits<double>::quiet_NaN();
    std::string const text = status_json(std::vector{route}, "v", 1);
    auto const checked = JsonValidator().check_object(text);
    CAPTURE(text);
    CHECK(checked.has_value());
    CHECK(text.find(R"("limit":null)") != std::string::npos);
}

TEST_CASE("without routes the list is empty") {
    CHECK(status_json({}, "0.1.0", 1).ends_with(R"(,"routes":[]})"));
}

TEST_CASE("a route counts as ready once joined, flowing or throttled") {
    auto route = clicks_route();
    CHECK(unready_reasons(std::vector{route}).empty());
    route.state = flow::RouteState::throttled;
    route.reason = "429";
    route.partitions.clear();  // An empty assignment counts.
    CHECK(unready_reasons(std::vector{route}).empty());
}

TEST_CASE("a paused route counts as ready, also when it was drained and left its group") {
    auto route = clicks_route();
    route.state = flow::RouteState::paused;
    CHECK(unready_reasons(std::vector{route}).empty());
    route.joined = false;
    CHECK(unready_reasons(std::vector{route}).size() == 1);
    route.is_drained = true;
    CHECK(unready_reasons(std::vector{route}).empty());
}

TEST_CASE("broken, blocked and stopped are not ready, and say why") {
    using enum flow::RouteState;
    auto route = clicks_route();
    for (auto const state : {broken, blocked, suspect, stopped}) {
        route.state = state;
        route.reason = "500 five times";
        CHECK(unready_reasons(std::vector{route}) ==
              std::vector{"clicks: " + std::string(flow::to_string(state)) + ": 500 five times"});
    }
    route.reason.clear();
    CHECK(unready_reasons(std::vector{route}) == std::vector<std::string>{"clicks: stopped"});
    route.state = static_cast<flow::RouteState>(99);
    CHECK(unready_reasons(std::vector{route}).size() == 1);
}

TEST_CASE("one route that is not ready makes the daemon not ready, with every reason") {
    CHECK(unready_reasons(std::vector{clicks_route(), blocked_route()}) ==
          std::vector<std::string>{"docs: has not joined its group: no broker reachable",
                                   "docs: blocked: collection \"docs\" not found"});
}

TEST_CASE("a daemon without routes is not ready") {
    CHECK(unready_reasons({}) == std::vector<std::string>{"no route has started yet"});
}

TEST_CASE("a JSON list quotes its texts") {
    CHECK(json_list({}) == "[]");
    CHECK(json_list(std::vector<std::string>{"a", "b\"c"}) == R"(["a","b\"c"])");
}

TEST_CASE("the status tells of the last reload and of what waits for a restart") {
    ConfigStatus config;
    config.loaded_at = WallTime{std::chrono::seconds(60)};
    config.last_reload = {WallTime{std::chrono::seconds(120)}, false, "f:1:1: a: \"b\"\n"};
    config.is_reloading = true;
    config.at_restart = {"admin.listen", "limits.workers"};
    CHECK(status_json({}, "v", 1, config) ==
          R"({"version":"v","uptime_secs":1,"config":{"loaded_at":"1970-01-01T00:01:00.000Z",)"
          R"("reloading":true,"last_reload":{"at":"1970-01-01T00:02:00.000Z",)"
          R"("result":"failure","error":"f:1:1: a: \"b\"\n"},)"
          R"("at_restart":["admin.listen","limits.workers"]},"routes":[]})");
}

}  // namespace headrace::ops
