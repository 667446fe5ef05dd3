#include "kafka/join_watch.hpp"

namespace headrace::kafka {
namespace {

// Kafka's protocol guide, "Api Keys".
constexpr std::int16_t join_group = 11;
constexpr std::int16_t sync_group = 14;

constexpr char const* interceptor = "headrace-joins";

JoinWatch& watch_of(void* opaque) {
    return *static_cast<JoinWatch*>(opaque);
}

rd_kafka_resp_err_t on_request_sent(rd_kafka_t*, int, char const*, std::int32_t,
                                    std::int16_t api_key, std::int16_t, std::int32_t, std::size_t,
                                    void* opaque) {
    watch_of(opaque).on_sent(api_key);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t on_response_received(rd_kafka_t*, int, char const*, std::int32_t,
                                         std::int16_t api_key, std::int16_t, std::int32_t,
                                         std::size_t, std::int64_t, rd_kafka_resp_err_t error,
                                         void* opaque) {
    watch_of(opaque).on_answered(api_key, error != RD_KAFKA_RESP_ERR_NO_ERROR);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t on_new(rd_kafka_t* client, rd_kafka_conf_t const*, void* opaque, char*,
                           std::size_t) {
    rd_kafka_interceptor_add_on_request_sent(client, interceptor, on_request_sent, opaque);
    rd_kafka_interceptor_add_on_response_received(client, interceptor, on_response_received,
                                                  opaque);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace

void JoinWatch::attach(rd_kafka_conf_t* conf, JoinWatch& watch) {
    rd_kafka_conf_interceptor_add_on_new(conf, interceptor, on_new, &watch);
}

void JoinWatch::on_sent(std::int16_t api_key) noexcept {
    if (api_key != join_group) return;
    is_joining_.store(true, std::memory_order_release);
    expected_until_.store(0, std::memory_order_relaxed);
}

void JoinWatch::on_answered(std::int16_t api_key, bool is_lost) noexcept {
    // A JoinGroup that is answered is followed by a SyncGroup, or by another JoinGroup.
    if (api_key == sync_group || (api_key == join_group && is_lost))
        is_joining_.store(false, std::memory_order_release);
}

}  // namespace headrace::kafka
