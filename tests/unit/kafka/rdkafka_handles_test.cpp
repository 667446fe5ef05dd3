#include "kafka/rdkafka_handles.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::kafka {
namespace {

TEST_CASE("librdkafka's codes become ours, with advice where there is some") {
    CHECK(to_error(RD_KAFKA_RESP_ERR__TRANSPORT, "x").code == ErrorCode::connection);
    CHECK(to_error(RD_KAFKA_RESP_ERR__SSL, "x").code == ErrorCode::tls);
    CHECK(to_error(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, "x").code == ErrorCode::timeout);
    CHECK(to_error(RD_KAFKA_RESP_ERR__AUTHENTICATION, "x").code == ErrorCode::permission);
    CHECK(to_error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "x").code == ErrorCode::not_found);
    CHECK(to_error(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "x").code == ErrorCode::too_large);
    CHECK(to_error(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, "x").code == ErrorCode::kafka);
    CHECK(to_error(RD_KAFKA_RESP_ERR__RESOLVE, "doing", "it said").message ==
          "doing: it said (check the host names in kafka.bootstrap_servers)");
    for (auto const code :
         {RD_KAFKA_RESP_ERR__SSL, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
          RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
          RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED,
          RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID}) {
        CHECK_FALSE(advice(code).empty());
    }
    CHECK(advice(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION).empty());
}

TEST_CASE("no error object is success") {
    CHECK(to_result(nullptr, "x").has_value());
    Handle<rd_kafka_error_t> error{rd_kafka_error_new(RD_KAFKA_RESP_ERR__STATE, "bad %s", "state")};
    CHECK(to_result(std::move(error), "doing").error().message == "doing: bad state");
}

}  // namespace
}  // namespace headrace::kafka
