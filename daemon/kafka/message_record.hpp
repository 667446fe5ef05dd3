// A librdkafka message as a record: views into the message, which the record's handle owns.
// Internal to this folder. Thread safety: a record may be destroyed on any thread.
#pragma once

#include "flow/record.hpp"
#include "kafka/rdkafka_handles.hpp"

namespace headrace::kafka {

/// Takes `message`. REQUIRES: it carries a record, not an error.
[[nodiscard]] flow::Record to_record(rd_kafka_message_t* message,
                                     flow::TopicPartition const& origin);

/// Appends the headers of a message, in order; the views live as long as the message.
void append_headers(rd_kafka_message_t const* message, std::vector<flow::Header>& out);

/// The last value of the header `name`, copied to `memory`; nothing if absent or null. librdkafka
/// makes a list of the headers whenever it is asked for them, and this frees it at once, on the
/// same thread and while it is in the cache: kept, it would be freed with the message on another
/// one.
[[nodiscard]] std::optional<std::string_view> find_header(rd_kafka_message_t* message,
                                                          std::string_view name,
                                                          std::string& memory);

}  // namespace headrace::kafka
