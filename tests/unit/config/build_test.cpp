#include "config/build.hpp"

#include "unit/config/fake_environment.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("a file of ten lines gets every default of the promise") {
    auto const config = good_config(tecton_text());
    CHECK(config.bootstrap_servers == "localhost:9092");
    CHECK(config.properties.empty());
    CHECK(config.admin.address == "127.0.0.1");
    CHECK(config.admin.port == 9464);
    CHECK(config.control.socket.empty());
    CHECK(config.log.level == ops::LogLevel::info);
    CHECK(config.log.format == ops::LogFormat::text);
    CHECK(config.limits.memory_bytes == 256U << 20);
    CHECK(config.limits.drain == seconds(25));
    CHECK_FALSE(config.limits.workers);
    CHECK(config.limits.uncommitted_records_max == 100'000);
    REQUIRE(config.routes.size() == 1);
    auto const& route = config.routes[0];
    CHECK(route.source.group == "headrace-clicks");
    CHECK(route.source.start == kafka::StartKind::earliest);
    CHECK(route.flow.order == Order::key);
    CHECK(route.flow.commit_interval == milliseconds(100));
    CHECK(route.flow.revoke_drain == seconds(5));
    CHECK(route.flow.batch.batch_size == 10);
    CHECK(route.flow.batch.bytes == 1U << 20);
    CHECK(route.flow.batch.linger == milliseconds(50));
    CHECK(route.flow.retry.max_retries == 3);
    CHECK(route.flow.retry.initial == milliseconds(200));
    CHECK(route.flow.retry.max == seconds(30));
    CHECK(route.flow.retry.then == AfterRetries::block);
    CHECK(route.flow.retry.probe == seconds(1));
    CHECK(route.flow.retry.blocked_probe == seconds(5));
    CHECK(route.flow.concurrency.is_auto);
    CHECK(route.flow.concurrency.max == 256);
    CHECK(route.flow.memory_bytes == 256U << 20);
    CHECK(route.source.prefetch_bytes == (256U << 20) / prefetch_share);
    CHECK(route.source.message_bytes_max == 1U << 20);
    CHECK_FALSE(route.dead_letters);
    auto const& client = route.requests().client;
    CHECK(client.request_timeout == seconds(30));
    CHECK(client.connect_timeout == seconds(5));
    CHECK(client.idle_timeout == seconds(30));
    CHECK(client.response_bytes_max == 8U << 20);
    CHECK(client.connections_max == 256);
    CHECK(client.tls.verify);
    CHECK(client.proxy.host.empty());
    CHECK(route.requests().body_bytes_max == 1U << 20);
    CHECK(route.requests().on_tombstone == sinks::OnTombstone::skip);
    CHECK(config.routes[0].file_secrets.empty());
    CHECK(config.fixed_files.empty());
}

TEST_CASE("Milvus has defaults of its own") {
    auto const config = good_config(milvus_text());
    auto const& route = config.routes[0];
    CHECK(route.flow.batch.batch_size == 1000);
    CHECK(route.flow.batch.bytes == 2U << 20);
    CHECK(route.flow.batch.linger == milliseconds(100));
    CHECK(route.flow.concurrency.max == 8);
    CHECK(route.destination_type() == "milvus");
}

TEST_CASE("the shared sections are read") {
    auto const config = good_config(tecton_text(
        "admin: {listen: '[::1]:0'}\nlog: {level: debug, format: json}\n"
        "limits: {memory: 64MiB, drain_secs: 2.5, workers: 3, uncommitted_records_max: 5}\n"));
    CHECK(config.admin.address == "::1");
    CHECK(config.log.level == ops::LogLevel::debug);
    CHECK(config.log.format == ops::LogFormat::json);
    CHECK(config.limits.memory_bytes == 64U << 20);
    CHECK(config.limits.drain == milliseconds(2500));
    CHECK(config.limits.workers == 3U);
    CHECK(config.limits.uncommitted_records_max == 5);
    auto const errors = errors_of(tecton_text("admin: {listen: 9464}\n"));
    CHECK(errors.size() == 1);
    CHECK(errors_of(tecton_text("admin: {listen: 'x:y'}\n"))
              .at(0)
              .find("f:6:17: admin.listen: must be HOST:PORT") == 0);
}

TEST_CASE("files behind values that are read once are watched to tell that they changed") {
    FakeEnvironment environment;
    environment.write("/password", "p\n");
    environment.write("/key", "k\n");
    environment.write("/topic", "t\n");
    auto const config = good_config(
        "kafka: {bootstrap_servers: 'a:1', properties: {sasl.password: '${file:/password}'}}\n"
        "routes:\n  - name: a\n    source: {topics: ['${file:/topic}']}\n"
        "    destination: {type: tecton, instance: i, api_key: '${file:/key}', workspace_name: w, "
        "stream_source_name: '${file:/topic}'}\n",
        environment);
    REQUIRE(config.routes[0].file_secrets.size() == 1);
    CHECK(config.routes[0].file_secrets[0]->key() == "routes[0].destination.api_key");
    std::vector<std::string> keys;
    for (auto const& file : config.fixed_files)
        keys.push_back(file->key());
    CHECK(keys == std::vector<std::string>{"kafka.properties.sasl.password",
                                           "routes[0].destination.stream_source_name",
                                           "routes[0].source.topics"});
    environment.write("/password", "new\n");
    CHECK(config.fixed_files[0]->poll([](std::string const&) {}));
    CHECK(config.properties.at("sasl.password") == "p");
}

}  // namespace
}  // namespace headrace::config
