#include "ops/metrics.hpp"

#include "exposition.hpp"
#include "sample_routes.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fstream>

namespace headrace::ops {
namespace {

using Labels = std::map<std::string, std::string>;

ProcessSample full_sample() {
    return {.cpu_seconds = 1.5,
            .start_time_seconds = 1'700'000'000.25,
            .resident_bytes = 10,
            .virtual_bytes = 20,
            .open_fds = 5,
            .max_fds = 1024,
            .threads = 6};
}

Exposition scrape(std::vector<flow::RouteSnapshot> const& routes) {
    return parse_exposition(render_metrics(routes, full_sample(), "0.1.0"));
}

}  // namespace

TEST_CASE("a scrape is valid text with the numbers of the snapshot") {
    Exposition const out = scrape({clicks_route(), blocked_route()});
    Labels const route{{"route", "clicks"}};
    Labels const written{{"route", "clicks"}, {"destination", "tecton"}};
    Labels const topic{{"route", "clicks"}, {"topic", "clicks"}};
    Labels const partition{{"route", "clicks"}, {"topic", "clicks"}, {"partition", "3"}};
    CHECK(out.find("headrace_records_read_total", topic) == 1300);
    CHECK(out.find("headrace_records_expired_total", topic) == 7);
    CHECK(out.find("headrace_records_written_total", written) == 1180);
    CHECK(out.find("headrace_write_requests_total", written) == 130);
    CHECK(out.find("headrace_check_requests_total", written) == 2);
    CHECK(out.find("headrace_records_in_flight", route) == 100);
    CHECK(out.find("headrace_bytes_in_flight", route) == 51200);
    CHECK(out.find("headrace_records_unaccounted", route) == 0);
    CHECK(out.find("headrace_concurrency_limit", route) == 16.5);
    CHECK(out.find("headrace_concurrency_latency_seconds", route) == 0.025);
    CHECK(out.find("headrace_concurrency_changes_total",
                   {{"route", "clicks"}, {"reason", "throttled"}}) == 2);
    CHECK(out.find("headrace_requests_in_flight", route) == 10);
    CHECK(out.find("headrace_rate_limited_seconds_total",
                   {{"route", "clicks"}, {"limit", "records"}}) == 2.5);
    CHECK(out.find("headrace_consumer_lag_records", partition) == 100);
    CHECK(out.find("headrace_consumer_lag_seconds", partition) == 2.5);
    CHECK(out.find("headrace_committed_offset", partition) == 1200);
    CHECK(out.find("headrace_blocking_offset", partition) == 1200);
    CHECK(out.find("headrace_blocking_offset_age_seconds", partition) == 1.5);
    CHECK(out.find("headrace_memory_bytes", {}) == 1'000'000);
    CHECK(out.find("headrace_memory_limit_bytes", {}) == 2.0 * 134'217'728);
}

TEST_CASE("every reason and state of a route has its series from the start") {
    Exposition const out = scrape({blocked_route()});
    auto const count = [&](std::string const& family) {
        return out.families.at(family).samples.size();
    };
    CHECK(count("headrace_write_errors_total") == flow::failure_reason_count - 1);
    CHECK(count("headrace_records_retried_total") == flow::failure_reason_count - 1);
    CHECK(count("headrace_route_state") == flow::route_state_count);
    CHECK(out.find("headrace_route_state", {{"route", "docs"}, {"state", "blocked"}}) == 1);
    CHECK(out.find("headrace_route_state", {{"route", "docs"}, {"state", "flowing"}}) == 0);
    CHECK(out.find("headrace_records_dead_lettered_total",
                   {{"route", "docs"}, {"reason", "invalid_json"}}) == 0);
    CHECK(out.find("headrace_records_skipped_total",
                   {{"route", "docs"}, {"reason", "superseded"}}) == 0);
    CHECK(out.find("headrace_records_returned_total", {{"route", "docs"}, {"reason", "revoked"}}) ==
          0);
    CHECK_FALSE(out.find("headrace_write_errors_total",
                         {{"route", "docs"}, {"destination", "milvus"}, {"reason", "none"}}));
}

TEST_CASE("reasons are counted, those that only a destination knows too") {
    Exposition const out = scrape({clicks_route()});
    Labels labels{{"route", "clicks"}, {"reason", "invalid_json"}};
    CHECK(out.find("headrace_records_dead_lettered_total", labels) == 10);
    labels["reason"] = "odd";
    CHECK(out.find("headrace_records_dead_lettered_total", labels) == 1);
    labels["reason"] = "tombstone";
    CHECK(out.find("headrace_records_skipped_total", labels) == 5);
    labels["reason"] = "revoked";
    CHECK(out.find("headrace_records_returned_total", labels) == 4);
    labels["reason"] = "throttled";
    CHECK(out.find("headrace_records_retried_total", labels) == 40);
    labels["destination"] = "tecton";
    CHECK(out.find("headrace_write_errors_total", labels) == 4);
}

TEST_CASE("histograms are cumulative and end with +Inf") {
    Exposition const out = scrape({clicks_route()});
    Labels labels{{"route", "clicks"}, {"destination", "tecton"}};
    CHECK(out.find("headrace_write_duration_seconds_count", labels) == 130);
    CHECK(out.find("headrace_write_duration_seconds_sum", labels) == 12.25);
    CHECK(out.find("headrace_end_to_end_latency_seconds_count", labels) == 1180);
    CHECK(out.find("headrace_batch_records_sum", labels) == 1180);
    labels["le"] = "0.1";
    CHECK(out.find("headrace_write_duration_seconds_bucket", labels) == 100);
    labels["le"] = "+Inf";
    CHECK(out.find("headrace_write_duration_seconds_bucket", labels) == 130);
}

TEST_CASE("a histogram that nobody filled is there with 0") {
    Exposition const out = scrape({blocked_route()});
    Labels const labels{{"route", "docs"}, {"destination", "milvus"}};
    CHECK(out.find("headrace_batch_records_count", labels) == 0);
}

TEST_CASE("an unknown committed or blocking offset is -1") {
    Exposition const out = scrape({blocked_route()});
    Labels const partition{{"route", "docs"}, {"topic", "docs"}, {"partition", "0"}};
    CHECK(out.find("headrace_committed_offset", partition) == -1);
    CHECK(out.find("headrace_blocking_offset", partition) == -1);
    CHECK(out.find("headrace_blocking_offset_age_seconds", partition) == 0);
}

TEST_CASE("membership and trouble with Kafka are 1 or 0, whatever the state says") {
    auto route = clicks_route();
    Labels const clicks{{"route", "clicks"}};
    auto out = scrape({route});
    CHECK(out.find("headrace_route_joined", clicks) == 1);
    CHECK(out.find("headrace_kafka_trouble", clicks) == 0);
    route.joined = false;
    route.trouble = "no broker can be reached";
    out = scrape({route});
    CHECK(out.find("headrace_route_joined", clicks) == 0);
    CHECK(out.find("headrace_kafka_trouble", clicks) == 1);
}

TEST_CASE("large counts are exact") {
    auto route = clicks_route();
    route.read_by_topic["clicks"] = 9'007'199'254'740'991;
    CHECK(render_metrics({&route, 1}, {}, "v").find("} 9007199254740991\n") != std::string::npos);
}

TEST_CASE("the process tells about itself, and leaves out what it does not know") {
    Exposition const out = scrape({});
    CHECK(out.find("headrace_build_info", {{"version", "0.1.0"}}) == 1);
    CHECK(out.find("process_cpu_seconds_total", {}) == 1.5);
    CHECK(out.find("process_resident_memory_bytes", {}) == 10);
    CHECK(out.find("process_virtual_memory_bytes", {}) == 20);
    CHECK(out.find("process_start_time_seconds", {}) == 1'700'000'000.25);
    CHECK(out.find("process_open_fds", {}) == 5);
    CHECK(out.find("process_max_fds", {}) == 1024);
    CHECK(out.find("process_threads", {}) == 6);
    CHECK_FALSE(out.families.contains("headrace_records_read_total"));

    Exposition const unknown = parse_exposition(render_metrics({}, {}, "v"));
    CHECK_FALSE(unknown.families.contains("process_max_fds"));
    CHECK_FALSE(unknown.families.contains("process_cpu_seconds_total"));
}

TEST_CASE("label values survive quotes, line breaks and bytes that are not UTF-8") {
    auto route = clicks_route();
    route.name = "a\"b\\c\nd";
    route.destination_type = "t\xFF";
    Exposition const out = parse_exposition(render_metrics({&route, 1}, {}, "v"));
    CHECK(out.find("headrace_records_written_total",
                   {{"route", "a\"b\\c\nd"}, {"destination", "t?"}}) == 1180);
}

TEST_CASE("the names of the public interface are all there") {
    Exposition const out = scrape({clicks_route()});
    for (std::string const name : {"headrace_records_read_total",
                                   "headrace_records_written_total",
                                   "headrace_write_requests_total",
                                   "headrace_check_requests_total",
                                   "headrace_write_errors_total",
                                   "headrace_records_retried_total",
                                   "headrace_records_dead_lettered_total",
                                   "headrace_records_skipped_total",
                                   "headrace_records_returned_total",
                                   "headrace_records_expired_total",
                                   "headrace_records_in_flight",
                                   "headrace_bytes_in_flight",
                                   "headrace_records_unaccounted",
                                   "headrace_write_duration_seconds",
                                   "headrace_end_to_end_latency_seconds",
                                   "headrace_batch_records",
                                   "headrace_concurrency_limit",
                                   "headrace_concurrency_latency_seconds",
                                   "headrace_concurrency_changes_total",
                                   "headrace_requests_in_flight",
                                   "headrace_rate_limited_seconds_total",
                                   "headrace_route_state",
                                   "headrace_route_joined",
                                   "headrace_kafka_trouble",
                                   "headrace_consumer_lag_records",
                                   "headrace_consumer_lag_seconds",
                                   "headrace_committed_offset",
                                   "headrace_blocking_offset",
                                   "headrace_blocking_offset_age_seconds",
                                   "headrace_memory_bytes",
                                   "headrace_memory_limit_bytes",
                                   "headrace_build_info",
                                   "process_cpu_seconds_total",
                                   "process_resident_memory_bytes",
                                   "process_start_time_seconds",
                                   "process_open_fds",
                                   "process_max_fds"}) {
        CAPTURE(name);
        CHECK(out.families.contains(name));
    }
}

TEST_CASE("a scrape for judges outside is written", "[.][write-scrape]") {
    std::ofstream("scrape.txt", std::ios::binary)
        << render_metrics(std::vector{clicks_route(), blocked_route()}, full_sample(), "0.1.0");
}

TEST_CASE("reloads are counted by result, and the last one's success stands beside them") {
    ConfigStatus config;
    config.loaded_at = WallTime{std::chrono::milliseconds(1500)};
    auto const scrape_with = [&] { return parse_exposition(render_metrics({}, {}, "v", config)); };
    auto out = scrape_with();
    CHECK(out.find("headrace_config_reloads_total", {{"result", "success"}}) == 0);
    CHECK(out.find("headrace_config_reloads_total", {{"result", "failure"}}) == 0);
    CHECK(out.find("headrace_config_last_reload_successful", {}) == 1);
    CHECK(out.find("headrace_config_last_reload_success_timestamp_seconds", {}) == 1.5);
    CHECK(out.find("headrace_config_restart_needed", {}) == 0);
    config.successes = 2;
    config.failures = 3;
    config.last_reload = {WallTime{}, false, "wrong"};
    config.at_restart = {"admin.listen"};
    out = scrape_with();
    CHECK(out.find("headrace_config_reloads_total", {{"result", "success"}}) == 2);
    CHECK(out.find("headrace_config_reloads_total", {{"result", "failure"}}) == 3);
    CHECK(out.find("headrace_config_last_reload_successful", {}) == 0);
    CHECK(out.find("headrace_config_restart_needed", {}) == 1);
}

}  // namespace headrace::ops
