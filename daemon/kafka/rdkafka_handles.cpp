#include "kafka/rdkafka_handles.hpp"

namespace headrace::kafka {
namespace {

ErrorCode code_of(rd_kafka_resp_err_t code) noexcept {
    switch (code) {
        case RD_KAFKA_RESP_ERR__TRANSPORT:
        case RD_KAFKA_RESP_ERR__RESOLVE:
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
            return ErrorCode::connection;
        case RD_KAFKA_RESP_ERR__SSL:
            return ErrorCode::tls;
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
        case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
        case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
        case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
        case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
            return ErrorCode::timeout;
        case RD_KAFKA_RESP_ERR__AUTHENTICATION:
        case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
            return ErrorCode::permission;
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
            return ErrorCode::not_found;
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE:
            return ErrorCode::too_large;
        default:
            return ErrorCode::kafka;
    }
}

}  // namespace

std::string_view advice(rd_kafka_resp_err_t code) noexcept {
    switch (code) {
        case RD_KAFKA_RESP_ERR__TRANSPORT:
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
            return "check that the brokers run and that kafka.bootstrap_servers is right";
        case RD_KAFKA_RESP_ERR__RESOLVE:
            return "check the host names in kafka.bootstrap_servers";
        case RD_KAFKA_RESP_ERR__SSL:
            return "check ssl.ca.location and the other ssl.* in kafka.properties";
        case RD_KAFKA_RESP_ERR__AUTHENTICATION:
        case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
            return "check security.protocol and the sasl.* in kafka.properties";
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
            return "create the topic or correct its name";
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
            return "grant the user READ and DESCRIBE on the topic (WRITE on a dead-letter topic)";
        case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
            return "grant the user READ on the group";
        case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
            return "grant the user IDEMPOTENT_WRITE on the cluster";
        case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
            return "the machine is overloaded, or max.poll.interval.ms is too low";
        case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
            return "another member uses the same source.instance_id: give each its own";
        default:
            return {};
    }
}

Error to_error(rd_kafka_resp_err_t code, std::string_view context, std::string_view detail) {
    std::string message{context};
    message += ": ";
    message += detail.empty() ? std::string_view{rd_kafka_err2str(code)} : detail;
    if (auto const todo = advice(code); !todo.empty()) {
        message += " (";
        message += todo;
        message += ')';
    }
    return Error{code_of(code), std::move(message)};
}

Result<void> to_result(Handle<rd_kafka_error_t> error, std::string_view context) {
    if (error == nullptr) return {};
    return to_error(rd_kafka_error_code(error.get()), context, rd_kafka_error_string(error.get()));
}

}  // namespace headrace::kafka
