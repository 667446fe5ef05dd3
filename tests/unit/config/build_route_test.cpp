#include "base/timestamp.hpp"
#include "config/build.hpp"
#include "unit/config/fake_environment.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

std::string with_source(std::string_view source) {
    return "kafka: {bootstrap_servers: 'a:1', properties: {security.protocol: plaintext, "
           "client.id: shared}}\n"
           "routes:\n  - name: clicks\n    source: {topics: [clicks], " +
           std::string(source) +
           "}\n"
           "    destination: {type: milvus, url: 'http://m', collection: c}\n";
}

std::string error(std::string const& text) {
    return joined(errors_of(text));
}

TEST_CASE("a source's own keys are carried over") {
    auto const config =
        good_config(with_source("group: g, start: latest, order: partition, instance_id: i-1, "
                                "commit_interval_ms: 250, revoke_drain_secs: 0.5, "
                                "bootstrap_servers: 'b:2,c:3', properties: {client.id: own}"));
    auto const& route = config.routes[0];
    CHECK(route.source.group == "g");
    CHECK(route.source.start == kafka::StartKind::latest);
    CHECK(route.source.instance_id == "i-1");
    CHECK(route.source.bootstrap_servers == "b:2,c:3");
    CHECK(route.source.properties.at("client.id") == "own");
    CHECK(route.source.properties.at("security.protocol") == "plaintext");
    CHECK(route.flow.order == Order::partition);
    CHECK(route.flow.commit_interval == std::chrono::milliseconds(250));
    CHECK(route.flow.revoke_drain == std::chrono::milliseconds(500));
    CHECK(good_config(with_source("order: none")).routes[0].flow.order == Order::none);
}

TEST_CASE("start takes a time") {
    auto const source = good_config(with_source("start: 2026-01-31T09:00:00.5Z")).routes[0].source;
    CHECK(source.start == kafka::StartKind::time);
    CHECK(format_timestamp(source.start_time) == "2026-01-31T09:00:00.500Z");
    CHECK(error(with_source("start: earlest")) ==
          "f:4:39: routes[0].source.start: must be earliest, latest or an RFC 3339 time such as "
          "2026-01-31T09:00:00Z, but is \"earlest\" (did you mean earliest?)\n");
    CHECK(error(with_source("start: '2026-01-31'")).find("an RFC 3339 time") != std::string::npos);
}

TEST_CASE("a route's own brokers may stand in for the shared ones") {
    auto const text =
        "routes:\n  - name: a\n    source: {topics: [t], bootstrap_servers: 'b:2'}\n"
        "    destination: {type: milvus, url: 'http://m', collection: c}\n";
    CHECK(good_config(text).routes[0].source.bootstrap_servers == "b:2");
    CHECK(good_config(text).bootstrap_servers.empty());
}

TEST_CASE("a route's name is fit to be a label") {
    auto const named = [](std::string const& name) {
        return error("kafka: {bootstrap_servers: 'a:1'}\nroutes:\n  - name: " + name +
                     "\n    source: {topics: [t]}\n    destination: {type: milvus, url: "
                     "'http://m', collection: c}\n");
    };
    CHECK(named("a.b_c-9").empty());
    CHECK(named("'a b'") ==
          "f:3:11: routes[0].name: must be 1 to 64 letters, digits, '.', '_' or '-', but is \"a "
          "b\"\n");
    CHECK(named("a/b").find("routes[0].name: must be 1 to 64") != std::string::npos);
    CHECK(named("é").find("routes[0].name: must be 1 to 64") != std::string::npos);
    CHECK(named(std::string(64, 'a')).empty());
    CHECK(named(std::string(65, 'a')).find("must be 1 to 64") != std::string::npos);
}

TEST_CASE("larger Tecton batches must be asked for twice") {
    CHECK(error(tecton_text("    batch: {batch_size: 11}\n")) ==
          "f:6:25: routes[0].batch.batch_size: is 11, above the 10 that Tecton advises: set "
          "batch.allow_larger_batches: true if that is meant\n");
    CHECK(good_config(tecton_text("    batch: {batch_size: 500, allow_larger_batches: true}\n"))
              .routes[0]
              .flow.batch.batch_size == 500);
    CHECK(good_config(milvus_text("    batch: {batch_size: 5000, bytes: 4MiB, linger_ms: 0}\n"))
              .routes[0]
              .flow.batch.batch_size == 5000);
    CHECK(error(milvus_text("    batch: {allow_larger_batches: true}\n")) ==
          "f:6:35: routes[0].batch.allow_larger_batches: is only for destination.type tecton, but "
          "this one is milvus\n");
}

TEST_CASE("retries are carried over and fit together") {
    auto const config =
        good_config(tecton_text("    dead_letters: {topic: d}\n"
                                "    retry: {max_retries: 0, initial_ms: 10, max_ms: 10, then: "
                                "dead_letter, probe_ms: 50, blocked_probe_ms: 60}\n"));
    auto const& retry = config.routes[0].flow.retry;
    CHECK(retry.max_retries == 0);
    CHECK(retry.initial == retry.max);
    CHECK(retry.then == AfterRetries::dead_letter);
    CHECK(retry.probe == std::chrono::milliseconds(50));
    CHECK(retry.blocked_probe == std::chrono::milliseconds(60));
    CHECK(error(tecton_text("    retry: {initial_ms: 500, max_ms: 100}\n")) ==
          "f:6:25: routes[0].retry.initial_ms: retry.initial_ms (500) must not be above "
          "retry.max_ms (100)\n");
    CHECK(error(tecton_text("    retry: {max_ms: 100}\n")) ==
          "f:6:21: routes[0].retry.max_ms: retry.initial_ms (200) must not be above retry.max_ms "
          "(100)\n");
}

TEST_CASE("a number fixes the concurrency") {
    auto const fixed = good_config(tecton_text("    http: {concurrency: 12}\n")).routes[0];
    CHECK_FALSE(fixed.flow.concurrency.is_auto);
    CHECK(fixed.flow.concurrency.max == 12);
    CHECK(fixed.requests().client.connections_max == 12);
    auto const most =
        good_config(tecton_text("    http: {concurrency_max: 7}\n")).routes[0].flow.concurrency;
    CHECK(most.is_auto);
    CHECK(most.max == 7);
    CHECK(error(tecton_text("    http: {concurrency: 12, concurrency_max: 7}\n")) ==
          "f:6:25: routes[0].http.concurrency: is above http.concurrency_max (7); a fixed number "
          "needs no concurrency_max\n");
    CHECK(error(milvus_text("    http: {concurrency: 12}\n")).empty());
}

TEST_CASE("dead letters go to a topic that the route does not read") {
    auto const config = good_config(tecton_text("    dead_letters: {topic: clicks-dead}\n"));
    auto const& letters = config.routes[0].dead_letters;
    REQUIRE(letters);
    CHECK(letters->topic == "clicks-dead");
    CHECK(letters->route == "clicks");
    CHECK(letters->destination_type == "tecton");
    CHECK(letters->bootstrap_servers == "localhost:9092");
    CHECK(error(tecton_text("    dead_letters: {topic: clicks}\n")) ==
          "f:6:27: routes[0].dead_letters.topic: is one of the route's own source.topics: its dead "
          "letters would be read again\n");
    CHECK(error(tecton_text("    dead_letters: {topic: '^x'}\n")).find("must be a topic's name") !=
          std::string::npos);
    CHECK(error(tecton_text("    dead_letters: {topic: a/b}\n")).find("must be a topic's name") !=
          std::string::npos);
    auto const by_pattern =
        "kafka: {bootstrap_servers: 'a:1'}\nroutes:\n  - name: a\n    source: {topics: "
        "['^clicks']}\n"
        "    destination: {type: milvus, url: 'http://m', collection: c}\n    dead_letters: "
        "{topic: clicks-dead}\n";
    CHECK(error(by_pattern).find("its dead letters would be read again") != std::string::npos);
}

TEST_CASE("rules that make dead letters need a topic for them") {
    CHECK(error(tecton_text("    retry: {then: dead_letter}\n")) ==
          "f:6:19: routes[0].retry.then: is dead_letter, which needs dead_letters.topic\n");
    CHECK(error(tecton_text("    record: {on_tombstone: dead_letter}\n"))
              .find("needs dead_letters.topic") != std::string::npos);
    CHECK(error(tecton_text(
                    "    record: {on_tombstone: dead_letter}\n    dead_letters: {topic: d}\n"))
              .empty());
    auto const by_header =
        "kafka: {bootstrap_servers: 'a:1'}\nroutes:\n  - name: a\n    source: {topics: [t]}\n"
        "    destination: {type: milvus, url: 'http://m', collection: {header: c, on_unknown: "
        "dead_letter}}\n";
    CHECK(
        error(by_header).find(
            "destination.collection.on_unknown: is dead_letter, which needs dead_letters.topic") !=
        std::string::npos);
    CHECK(error(std::string(by_header) + "    dead_letters: {topic: d}\n").empty());
}

TEST_CASE("limits of retries and refusals have defaults and can be turned off") {
    auto const plain = good_config(tecton_text()).routes[0].flow;
    CHECK(plain.retry.suspect_after == 20);
    CHECK(plain.retry.suspect_time == std::chrono::minutes(10));
    CHECK(plain.retry.budget_percent == 100);
    CHECK(plain.refusals_in_a_row_max == 100);
    auto const off = good_config(tecton_text("    retry: {suspect_after: 0, suspect_secs: 0.5}\n"
                                             "    dead_letters: {in_a_row_max: 0}\n"))
                         .routes[0]
                         .flow;
    CHECK(off.retry.suspect_after == 0);
    CHECK(off.retry.suspect_time == std::chrono::milliseconds(500));
    CHECK(off.refusals_in_a_row_max == 0);
    CHECK_FALSE(error(tecton_text("    retry: {budget_percent: 0}\n")).empty());
    CHECK_FALSE(error(tecton_text("    dead_letters: {in_a_row_max: -1}\n")).empty());
}

TEST_CASE("a rate limit is off unless set, and none of its numbers may be nothing or absurd") {
    CHECK_FALSE(good_config(tecton_text()).routes[0].flow.rate_limit.is_on());
    auto const some = good_config(tecton_text("    rate_limit: {records_per_sec: 1000}\n"));
    auto const& limit = some.routes[0].flow.rate_limit;
    CHECK(limit.is_on());
    CHECK(limit.records_per_sec == 1000);
    CHECK(limit.requests_per_sec == 0);
    auto const all =
        good_config(tecton_text("    rate_limit: {requests_per_sec: 100, records_per_sec: 1000, "
                                "bytes_per_sec: 1MiB}\n"));
    CHECK(all.routes[0].flow.rate_limit.requests_per_sec == 100);
    CHECK(all.routes[0].flow.rate_limit.bytes_per_sec == 1 << 20);
    for (std::string const wrong :
         {"requests_per_sec: 0", "requests_per_sec: -1", "requests_per_sec: 0.5",
          "requests_per_sec: 2000000", "records_per_sec: 0", "records_per_sec: 1e99",
          "bytes_per_sec: 0", "bytes_per_sec: 1", "bytes_per_sec: -1MiB",
          "bytes_per_sec: 9999999GiB", "bytes_per_sec: fast", "request_per_sec: 5"}) {
        CAPTURE(wrong);
        auto const said = error(tecton_text("    rate_limit: {" + wrong + "}\n"));
        CHECK(said.find("rate_limit." + wrong.substr(0, wrong.find(':'))) != std::string::npos);
    }
}

}  // namespace
}  // namespace headrace::config
