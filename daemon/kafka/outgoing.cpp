#include "kafka/outgoing.hpp"

#include <utility>

namespace headrace::kafka {
namespace {

/// librdkafka takes an empty value for null unless the pointer says otherwise.
void* bytes_of(std::optional<std::string_view> const& view) noexcept {
    static char none = 0;
    if (!view) return nullptr;
    return view->empty() ? &none : const_cast<char*>(view->data());
}

std::size_t size_of(std::optional<std::string_view> const& view) noexcept {
    return view ? view->size() : 0;
}

}  // namespace

rd_kafka_resp_err_t hand_over(rd_kafka_t* producer, OutgoingRecord const& record, void* opaque) {
    Handle<rd_kafka_headers_t> headers{rd_kafka_headers_new(record.headers.size())};
    for (auto const& header : record.headers) {
        rd_kafka_header_add(headers.get(), header.name.data(),
                            static_cast<ssize_t>(header.name.size()), bytes_of(header.value),
                            static_cast<ssize_t>(size_of(header.value)));
    }
    auto const code = rd_kafka_producev(
        producer, RD_KAFKA_V_TOPIC(record.topic.c_str()),
        RD_KAFKA_V_PARTITION(record.partition.value_or(RD_KAFKA_PARTITION_UA)),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(bytes_of(record.key), size_of(record.key)),
        RD_KAFKA_V_VALUE(bytes_of(record.value), size_of(record.value)),
        RD_KAFKA_V_TIMESTAMP(record.timestamp_ms), RD_KAFKA_V_HEADERS(headers.get()),
        RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
    // On success librdkafka owns the headers.
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) std::ignore = headers.release();
    return code;
}

}  // namespace headrace::kafka
