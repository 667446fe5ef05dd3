#include "config/print.hpp"

#include "unit/config/fake_environment.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

std::string const full = R"(kafka:
  bootstrap_servers: a:1,b:2
  properties: {security.protocol: sasl_ssl, sasl.mechanism: PLAIN, sasl.username: u, sasl.password: hunter2}
admin: {listen: '[::1]:80'}
log: {level: warn, format: json}
limits: {memory: 100MiB, drain_secs: 2.5, workers: 2, uncommitted_records_max: 77}
routes:
  - name: one
    source: {topics: ['^a.*$'], group: g, start: 2026-01-31T09:00:00.123456Z, order: none, instance_id: i, commit_interval_ms: 11,
             revoke_drain_secs: 0.25, bootstrap_servers: 'c:3', properties: {client.id: 'pa$${X}y'}}
    record: {on_tombstone: dead_letter}
    destination: {type: tecton, url: 'https://h:8443/v2/ingest?x=1', api_key: hunter2, workspace_name: 'no', stream_source_name: {topic: {abc: s1}, default: 's 2'}, dry_run: true}
    batch: {batch_size: 11, allow_larger_batches: true, bytes: 3000, linger_ms: 0}
    http: {timeout_secs: 0.01, connect_timeout_secs: 1, concurrency: 3, idle_secs: 7, response_bytes_max: 2000, compression: zstd, compression_level: 3, proxy: 'http://ada:hunter2@p:3128',
           tls: {ca: /c, certificate: /d, key: /e, verify: false}, headers: {X-Api-Key: hunter2, X-Team: growth}}
    retry: {max_retries: 1, initial_ms: 2, max_ms: 3, then: dead_letter, probe_ms: 40, blocked_probe_ms: 50}
    rate_limit: {requests_per_sec: 7, records_per_sec: 70, bytes_per_sec: 7KiB}
    dead_letters: {topic: dl}
    limits: {memory: 33MiB}
  - name: two
    source: {topics: [x, y], start: latest, order: partition}
    record: {on_tombstone: delete}
    destination: {type: milvus, url: 'http://[::1]:19530', token: hunter2, database: d, collection: {header: h}, partition: {field: /p, default: q}, operation: insert, primary_key: pk}
    http: {concurrency_max: 5}
  - name: three
    source: {topics: [z]}
    destination: {type: milvus, url: 'http://m', collection: c}
)";

TEST_CASE("no secret is printed") {
    auto const printed = print_config(good_config(full));
    CHECK(printed.find("hunter2") == std::string::npos);
    CHECK(printed.find("aHVudGVyM") == std::string::npos);
    CHECK(printed.find("sasl.password: \"***\"") != std::string::npos);
    CHECK(printed.find("api_key: \"***\"") != std::string::npos);
    CHECK(printed.find("token: \"***\"") != std::string::npos);
    CHECK(printed.find("X-Api-Key: \"***\"") != std::string::npos);
    CHECK(printed.find("proxy: \"http://***:***@p:3128/\"") != std::string::npos);
    CHECK(printed.find("X-Team: growth") != std::string::npos);
}

TEST_CASE("what is printed reads back as the same configuration") {
    auto const first = good_config(full);
    auto const printed = print_config(first);
    INFO(printed);
    auto const second = good_config(printed);
    CHECK(print_config(second) == printed);
    REQUIRE(second.routes.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        auto const& a = first.routes[i];
        auto const& b = second.routes[i];
        CHECK(a.source.topics == b.source.topics);
        CHECK(a.source.group == b.source.group);
        CHECK(a.source.start == b.source.start);
        CHECK(a.source.start_time == b.source.start_time);
        CHECK(a.source.bootstrap_servers == b.source.bootstrap_servers);
        CHECK(a.source.properties.size() == b.source.properties.size());
        CHECK(a.flow.memory_bytes == b.flow.memory_bytes);
        CHECK(a.flow.batch.bytes == b.flow.batch.bytes);
        CHECK(a.flow.retry.max == b.flow.retry.max);
        CHECK(a.flow.concurrency.is_auto == b.flow.concurrency.is_auto);
        CHECK(a.flow.concurrency.max == b.flow.concurrency.max);
        CHECK(a.flow.revoke_drain == b.flow.revoke_drain);
        CHECK(a.requests().client.url.path == b.requests().client.url.path);
        CHECK(a.requests().on_tombstone == b.requests().on_tombstone);
        CHECK(a.destination_type() == b.destination_type());
    }
    CHECK(second.routes[0].source.properties.at("client.id") == "pa${X}y");
    CHECK(second.limits.drain == first.limits.drain);
    CHECK(second.limits.workers == 2U);
}

TEST_CASE("every key of the table is printed, or is off unless set") {
    auto const printed = print_config(good_config(full));
    for (auto const* const key : {"bootstrap_servers",
                                  "listen",
                                  "level",
                                  "format",
                                  "memory",
                                  "drain_secs",
                                  "workers",
                                  "uncommitted_records_max",
                                  "topics",
                                  "group",
                                  "start",
                                  "order",
                                  "instance_id",
                                  "commit_interval_ms",
                                  "revoke_drain_secs",
                                  "on_tombstone",
                                  "type",
                                  "url",
                                  "workspace_name",
                                  "stream_source_name",
                                  "dry_run",
                                  "database",
                                  "collection",
                                  "partition",
                                  "operation",
                                  "primary_key",
                                  "batch_size",
                                  "allow_larger_batches",
                                  "bytes",
                                  "linger_ms",
                                  "timeout_secs",
                                  "connect_timeout_secs",
                                  "concurrency",
                                  "concurrency_max",
                                  "idle_secs",
                                  "response_bytes_max",
                                  "compression_level",
                                  "ca",
                                  "certificate",
                                  "key",
                                  "verify",
                                  "headers",
                                  "proxy",
                                  "max_retries",
                                  "initial_ms",
                                  "max_ms",
                                  "then",
                                  "probe_ms",
                                  "blocked_probe_ms",
                                  "suspect_after",
                                  "suspect_secs",
                                  "budget_percent",
                                  "requests_per_sec",
                                  "records_per_sec",
                                  "bytes_per_sec",
                                  "topic",
                                  "in_a_row_max",
                                  "on_unknown"}) {
        INFO(key);
        CHECK(printed.find(" " + std::string(key) + ":") != std::string::npos);
    }
    auto const small = print_config(good_config(milvus_text()));
    for (auto const* const key :
         {"compression_level", "instance_id", "token", "partition", "primary_key", "headers",
          "proxy", "rate_limit", "dead_letters", "ca"}) {
        CHECK(small.find(" " + std::string(key) + ":") == std::string::npos);
    }
}

}  // namespace
}  // namespace headrace::config
