#include "kafka/properties.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::kafka {
namespace {

std::string fault(std::string const& name, std::string const& value) {
    auto const checked = check_property(name, value);
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().code == ErrorCode::invalid_config);
    CHECK(checked.error().message.find(name.c_str()) != std::string::npos);
    return checked.error().message;
}

TEST_CASE("librdkafka's settings are taken, TLS and SASL and topic ones too") {
    CHECK(check_properties({{"security.protocol", "sasl_ssl"},
                            {"sasl.mechanism", "SCRAM-SHA-512"},
                            {"sasl.username", "alice"},
                            {"sasl.password", "x"},
                            {"ssl.ca.location", "/etc/ca.pem"},
                            {"partition.assignment.strategy", "range"},
                            {"isolation.level", "read_uncommitted"},
                            {"message.timeout.ms", "1000"},
                            {"debug", "cgrp"}})
              .has_value());
    CHECK(check_properties({}).has_value());
}

TEST_CASE("each refused property says what to do instead") {
    CHECK(refused_properties().size() >= 15);
    for (auto const& refused : refused_properties()) {
        CHECK(fault(std::string(refused.name), "1").find(refused.reason) != std::string::npos);
    }
    CHECK(fault("group.id", "g").find("source.group") != std::string::npos);
}

TEST_CASE("an unknown name and a bad value are named, a secret one is not shown") {
    fault("no.such.property", "1");
    fault("session.timeout.ms", "soon");
    fault("fetch.wait.max.ms", "-5");
    CHECK(fault("sasl.password", std::string("a\0b", 3)).find("zero byte") != std::string::npos);
    CHECK_FALSE(check_properties({{"client.id", "x"}, {"nonsense", "1"}}).has_value());
}

TEST_CASE("settings that are pointers inside librdkafka are refused") {
    for (auto const* const name :
         {"error_cb", "log_cb", "opaque", "default_topic_conf", "rebalance_cb"})
        fault(name, "1");
}

}  // namespace
}  // namespace headrace::kafka
