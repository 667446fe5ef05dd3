// Hands a record to a librdkafka producer, headers and nulls included. Internal to this folder:
// shared by the demo's producer and the one of dead letters. Thread safety: librdkafka's producer
// may be used from any thread.
#pragma once

#include "kafka/producer.hpp"
#include "kafka/rdkafka_handles.hpp"

namespace headrace::kafka {

/// Copies everything; `opaque` comes back with the delivery report.
[[nodiscard]] rd_kafka_resp_err_t hand_over(rd_kafka_t* producer, OutgoingRecord const& record,
                                            void* opaque);

}  // namespace headrace::kafka
