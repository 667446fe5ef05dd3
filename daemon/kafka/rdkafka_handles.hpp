// librdkafka's handles as owning pointers, and its error codes as Errors of ours. Included by the
// .cpp files of this folder only: no header that others read names a librdkafka type. Thread
// safety: the pointers are plain values; the functions are pure.
#pragma once

#include "base/result.hpp"

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>
#include <string_view>

namespace headrace::kafka {

struct DestroyHandle {
    void operator()(rd_kafka_conf_t* conf) const noexcept { rd_kafka_conf_destroy(conf); }
    void operator()(rd_kafka_topic_partition_list_t* list) const noexcept {
        rd_kafka_topic_partition_list_destroy(list);
    }
    void operator()(rd_kafka_event_t* event) const noexcept { rd_kafka_event_destroy(event); }
    void operator()(rd_kafka_queue_t* queue) const noexcept { rd_kafka_queue_destroy(queue); }
    void operator()(rd_kafka_error_t* error) const noexcept { rd_kafka_error_destroy(error); }
    void operator()(rd_kafka_headers_t* headers) const noexcept {
        rd_kafka_headers_destroy(headers);
    }
    void operator()(rd_kafka_message_t* message) const noexcept {
        rd_kafka_message_destroy(message);
    }
    void operator()(rd_kafka_topic_t* topic) const noexcept { rd_kafka_topic_destroy(topic); }
    void operator()(struct rd_kafka_metadata const* metadata) const noexcept {
        rd_kafka_metadata_destroy(metadata);
    }
    /// Closes and destroys a whole client: waits for its threads and for every message that is
    /// still held.
    void operator()(rd_kafka_t* client) const noexcept { rd_kafka_destroy(client); }
};

template <class T>
using Handle = std::unique_ptr<T, DestroyHandle>;

/// An Error for librdkafka's code, with what the operator can do about it. `context` begins the
/// sentence: what was tried.
[[nodiscard]] Error to_error(rd_kafka_resp_err_t code, std::string_view context,
                             std::string_view detail = {});

/// The same for an error object; nullptr is success.
[[nodiscard]] Result<void> to_result(Handle<rd_kafka_error_t> error, std::string_view context);

/// What to do about it, or empty text.
[[nodiscard]] std::string_view advice(rd_kafka_resp_err_t code) noexcept;

}  // namespace headrace::kafka
