#include "kafka/client_config.hpp"

#include <catch2/catch_test_macros.hpp>

#include <array>

namespace headrace::kafka {
namespace {

std::string value_of(Handle<rd_kafka_conf_t> const& conf, char const* name) {
    std::array<char, 256> value{};
    auto size = value.size();
    REQUIRE(rd_kafka_conf_get(conf.get(), name, value.data(), &size) == RD_KAFKA_CONF_OK);
    return value.data();
}

SourceSettings source() {
    SourceSettings settings;
    settings.bootstrap_servers = "broker:9092";
    settings.group = "group";
    return settings;
}

FetchPlan const plan =
    plan_fetches({.prefetch_bytes = 16 << 20, .brokers = 1, .message_bytes_max = 1 << 20});

TEST_CASE("the user's properties win over our defaults and not over our rules") {
    auto settings = source();
    settings.properties = {{"isolation.level", "read_uncommitted"},
                           {"enable.auto.commit", "true"},
                           {"partition.assignment.strategy", "range"},
                           {"group.instance.id", "theirs"}};
    settings.instance_id = "ours";
    auto const conf = consumer_conf(settings, plan);
    REQUIRE(conf.has_value());
    CHECK(value_of(*conf, "isolation.level") == "read_uncommitted");
    CHECK(value_of(*conf, "partition.assignment.strategy") == "range");
    CHECK(value_of(*conf, "enable.auto.commit") == "false");
    CHECK(value_of(*conf, "group.instance.id") == "ours");
    CHECK(value_of(*conf, "fetch.queue.backoff.ms") == "10");
    CHECK(value_of(*conf, "enable.partition.eof") == "false");
}

TEST_CASE("the defaults are cooperative, read committed and small") {
    auto const conf = consumer_conf(source(), plan);
    REQUIRE(conf.has_value());
    CHECK(value_of(*conf, "partition.assignment.strategy") == "cooperative-sticky");
    CHECK(value_of(*conf, "isolation.level") == "read_committed");
    CHECK(value_of(*conf, "fetch.message.max.bytes") == std::to_string(plan.partition_fetch_bytes));
    CHECK(value_of(*conf, "queued.max.messages.kbytes") == std::to_string(plan.queue_kbytes));
}

TEST_CASE("the dead-letter producer is idempotent and waits for all replicas") {
    DeadLetterSettings settings;
    settings.bootstrap_servers = "broker:9092";
    settings.properties = {
        {"acks", "0"}, {"enable.idempotence", "false"}, {"message.timeout.ms", "7000"}};
    auto const conf = dead_letter_conf(settings);
    REQUIRE(conf.has_value());
    CHECK(value_of(*conf, "acks") == "-1");
    CHECK(value_of(*conf, "enable.idempotence") == "true");
    CHECK(value_of(*conf, "message.timeout.ms") == "7000");
}

TEST_CASE("with the broker's own assignment there is no strategy of the client's") {
    auto settings = source();
    settings.properties = {{"group.protocol", "consumer"}};
    auto conf = consumer_conf(settings, plan);
    REQUIRE(conf.has_value());
    auto const client = make_client(RD_KAFKA_CONSUMER, std::move(*conf));
    CHECK(client.has_value());
}

TEST_CASE("a property that librdkafka refuses is named, and a secret one is not shown") {
    auto settings = source();
    settings.properties = {{"session.timeout.ms", "soon"}};
    CHECK(consumer_conf(settings, plan).error().message.find("session.timeout.ms") !=
          std::string::npos);
    CHECK_FALSE(inquiry_conf(settings).has_value());
    DeadLetterSettings letters;
    letters.properties = settings.properties;
    CHECK_FALSE(dead_letter_conf(letters).has_value());
}

TEST_CASE("properties that do not fit together make no client") {
    auto settings = source();
    settings.properties = {{"session.timeout.ms", "100000"}, {"max.poll.interval.ms", "5000"}};
    auto conf = consumer_conf(settings, plan);
    REQUIRE(conf.has_value());
    auto const client = make_client(RD_KAFKA_CONSUMER, std::move(*conf));
    REQUIRE_FALSE(client.has_value());
    CHECK(client.error().code == ErrorCode::invalid_config);
    CHECK(client.error().message.find("max.poll.interval.ms") != std::string::npos);
}

TEST_CASE("OAUTHBEARER gets a thread that refreshes its tokens") {
    auto settings = source();
    settings.properties = {{"security.protocol", "sasl_plaintext"},
                           {"sasl.mechanism", "OAUTHBEARER"},
                           {"enable.sasl.oauthbearer.unsecure.jwt", "true"},
                           {"sasl.oauthbearer.config", "principal=a"}};
    auto conf = inquiry_conf(settings);
    REQUIRE(conf.has_value());
    CHECK(make_client(RD_KAFKA_CONSUMER, std::move(*conf)).has_value());
}

}  // namespace
}  // namespace headrace::kafka
