#include "config/kafka_settings.hpp"

#include "unit/config/fake_environment.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

std::string with(std::string const& kafka, std::string const& topics) {
    return joined(errors_of("kafka: {" + kafka +
                            "}\nroutes:\n  - name: a\n    source: {topics: " + topics +
                            "}\n"
                            "    destination: {type: milvus, url: 'http://m', collection: c}\n"));
}
std::string properties(std::string const& table) {
    return with("bootstrap_servers: 'a:1', properties: {" + table + "}", "[t]");
}
std::string topics(std::string const& list) {
    return with("bootstrap_servers: 'a:1'", list);
}
std::string servers(std::string const& text) {
    return with("bootstrap_servers: '" + text + "'", "[t]");
}

TEST_CASE("brokers are HOST:PORT, several with commas") {
    for (auto const* const text :
         {"a", "a:9092", "a:1,b:2, c:3", "[::1]:9092", "[::1]", "SSL://a:9092"}) {
        INFO(text);
        CHECK(servers(text).empty());
    }
    for (auto const* const text : {"a:", "a:0", "a:65536", "a:b", ",", "a,", ":9092", "a b:1"}) {
        INFO(text);
        CHECK(servers(text).find(
                  "kafka.bootstrap_servers: must be HOST:PORT, several separated by commas") !=
              std::string::npos);
    }
}

TEST_CASE("properties that the guarantees rest on are refused with what to do instead") {
    CHECK(properties("group.id: g") ==
          "f:1:48: kafka.properties.group.id: may not be set: use source.group\n");
    for (auto const* const name :
         {"bootstrap.servers", "auto.offset.reset", "enable.auto.commit",
          "enable.auto.offset.store", "acks", "enable.idempotence", "group.instance.id"}) {
        INFO(name);
        CHECK(properties(std::string(name) + ": x").find("may not be set: ") != std::string::npos);
    }
    CHECK(properties("no.such.setting: 1") ==
          "f:1:48: kafka.properties.no.such.setting: librdkafka does not know it\n");
    CHECK(properties("session.timeout.ms: soon").find("kafka.properties.session.timeout.ms: ") !=
          std::string::npos);
    CHECK(properties("session.timeout.ms: 9000, client.id: x, sasl.password: p").empty());
}

TEST_CASE("topics are names or one regular expression") {
    CHECK(topics("[a, b.c_d-9]").empty());
    CHECK(topics("['^a.*$']").empty());
    CHECK(topics("[a/b]").find("routes[0].source.topics: a topic's name is 1 to 249 letters") !=
          std::string::npos);
    CHECK(topics("['..']").find("a topic's name is") != std::string::npos);
    CHECK(topics("[a, a]") == "f:4:26: routes[0].source.topics: names the topic \"a\" twice\n");
    CHECK(topics("['^a', b]").find("a regular expression stands alone") != std::string::npos);
    CHECK(topics("['^a(']").find("is not a regular expression") != std::string::npos);
}

TEST_CASE("patterns that would cost too much are refused before they are compiled") {
    CHECK(topics("['^" + std::string(600, 'a') + "']")
              .find("is a regular expression of 601 bytes; at most 512 are allowed") !=
          std::string::npos);
    CHECK(topics("['^((a{1,255}){1,255}){1,255}']")
              .find("repeats {m,n} that come to more than 1000") != std::string::npos);
    CHECK(topics("['^a{9999999999999999999999}']").find("repeats {m,n}") != std::string::npos);
    CHECK(topics("['^a{2,30}b{3}']").empty());
    CHECK(topics("['^(a)\\1']").find("holds a back reference") != std::string::npos);
    CHECK(topics("['^a\\.b']").empty());
}

}  // namespace
}  // namespace headrace::config
