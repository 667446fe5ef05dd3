#include "kafka/log_sink.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::kafka {
namespace {

using Properties = std::map<std::string, std::string>;

TEST_CASE("secrets are taken out of every text, also where one contains another") {
    Redactor const redact({{"sasl.password", "abc"},
                           {"ssl.key.password", "abcdef"},
                           {"sasl.username", "alice"},
                           {"sasl.oauthbearer.client.secret", ""}});
    CHECK(redact("alice said abcdef, abc, abcabc") == "alice said ***, ***, ******");
    CHECK(redact("") == "");
    CHECK(Redactor{}("abc") == "abc");
}

TEST_CASE("a secret of stars ends the search") {
    CHECK(Redactor(Properties{{"sasl.password", "*"}})("a*b") == "a***b");
    CHECK(Redactor(Properties{{"sasl.password", "***"}})("a***b") == "a***b");
}

TEST_CASE("secret properties are known by their names") {
    CHECK(is_secret_property("sasl.password"));
    CHECK(is_secret_property("ssl.key.pem"));
    CHECK(is_secret_property("sasl.oauthbearer.client.secret"));
    CHECK(is_secret_property("sasl.oauthbearer.config"));
    CHECK_FALSE(is_secret_property("sasl.username"));
}

TEST_CASE("syslog levels become ours") {
    CHECK(log_level_of(2) == LogLevel::error);
    CHECK(log_level_of(4) == LogLevel::warning);
    CHECK(log_level_of(6) == LogLevel::notice);
    CHECK(log_level_of(7) == LogLevel::debug);
}

TEST_CASE("a consumer's complaint of producer properties is noise") {
    CHECK(
        is_noise("Configuration property acks is a producer property and will be ignored by this "
                 "consumer instance"));
    CHECK_FALSE(is_noise("Disconnected"));
}

}  // namespace
}  // namespace headrace::kafka
