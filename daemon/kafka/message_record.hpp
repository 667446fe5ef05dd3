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

}  // namespace headrace::kafka
