#include "kafka/event_sorting.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::kafka {
namespace {

TEST_CASE("only what operators must mend is trouble") {
    CHECK(trouble_of(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) == TroubleKind::connection);
    CHECK(trouble_of(RD_KAFKA_RESP_ERR__AUTHENTICATION) == TroubleKind::connection);
    CHECK(trouble_of(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) == TroubleKind::topics);
    CHECK(trouble_of(RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED) == TroubleKind::group);
    CHECK_FALSE(trouble_of(RD_KAFKA_RESP_ERR__TRANSPORT).has_value());
    CHECK_FALSE(trouble_of(RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS).has_value());
}

TEST_CASE("the cause of a lost connection is what a broker said last") {
    BrokerCause cause;
    CHECK_FALSE(cause.is_known());
    CHECK(cause.error().code == ErrorCode::connection);
    CHECK(cause.hear(RD_KAFKA_RESP_ERR__TRANSPORT, "refused"));
    CHECK_FALSE(cause.hear(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down"));
    CHECK(cause.error().message.find("refused") != std::string::npos);
    CHECK(cause.hear(RD_KAFKA_RESP_ERR__AUTHENTICATION, "wrong password"));
    CHECK(cause.is_known());
    CHECK(cause.error().code == ErrorCode::permission);
}

}  // namespace
}  // namespace headrace::kafka
