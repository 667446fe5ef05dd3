#include "kafka/message_record.hpp"

#include <tuple>

namespace headrace::kafka {
namespace {

/// librdkafka tells null from empty by the pointer.
std::optional<std::string_view> view(void const* bytes, std::size_t size) noexcept {
    if (bytes == nullptr) return std::nullopt;
    return std::string_view{static_cast<char const*>(bytes), size};
}

constexpr flow::RecordHandle::Operations message_operations{
    [](void* object) noexcept {
        rd_kafka_message_destroy(static_cast<rd_kafka_message_t*>(object));
    },
    [](void const* object, std::vector<flow::Header>& out) {
        append_headers(static_cast<rd_kafka_message_t const*>(object), out);
    },
    [](void* object, std::string_view name, std::string& memory) {
        return find_header(static_cast<rd_kafka_message_t*>(object), name, memory);
    }};

}  // namespace

flow::Record to_record(rd_kafka_message_t* message, flow::TopicPartition const& origin) {
    flow::Record record;
    record.handle = flow::RecordHandle(message, &message_operations);
    record.origin = &origin;
    record.offset = message->offset;
    record.key = view(message->key, message->key_len);
    record.value = view(message->payload, message->len);
    record.leader_epoch = rd_kafka_message_leader_epoch(message);
    auto type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    auto const timestamp = rd_kafka_message_timestamp(message, &type);
    record.timestamp_ms = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : timestamp;
    return record;
}

void append_headers(rd_kafka_message_t const* message, std::vector<flow::Header>& out) {
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    char const* name = nullptr;
    void const* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
        out.push_back({name, view(value, size)});
    }
}

std::optional<std::string_view> find_header(rd_kafka_message_t* message, std::string_view name,
                                            std::string& memory) {
    rd_kafka_headers_t* raw = nullptr;
    if (rd_kafka_message_detach_headers(message, &raw) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return std::nullopt;
    Handle<rd_kafka_headers_t> const headers{raw};
    char const* at = nullptr;
    void const* value = nullptr;
    std::size_t size = 0;
    for (auto left = rd_kafka_header_cnt(raw); left-- != 0;) {
        std::ignore = rd_kafka_header_get_all(raw, left, &at, &value, &size);
        if (name != at) continue;
        auto const found = view(value, size);
        if (!found) return std::nullopt;
        memory = *found;
        return memory;
    }
    return std::nullopt;
}

}  // namespace headrace::kafka
