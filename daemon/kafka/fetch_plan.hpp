// How large librdkafka's queues and fetches may be so that all partitions together stay within the
// route's prefetch share. Pure; used when the consumer client is made, because librdkafka fixes
// these limits at creation. Thread safety: a pure function.
#pragma once

#include <cstddef>

namespace headrace::kafka {

struct FetchPlan {
    std::size_t partition_fetch_bytes =
        0;                           ///< fetch.message.max.bytes: one fetch of one partition.
    std::size_t response_bytes = 0;  ///< fetch.max.bytes: one answer of one broker.
    std::size_t queue_kbytes = 0;    ///< queued.max.messages.kbytes: one partition's queue.
    std::size_t queue_records_min =
        0;  ///< queued.min.messages: one partition's queue stops being filled here.
};

struct FetchInput {
    std::size_t prefetch_bytes = 0;
    std::size_t partitions = 0;         ///< The largest assignment that is expected.
    std::size_t message_bytes_max = 0;  ///< 0: no bound.
};

/// What is assumed when the brokers do not say in time how many partitions there are.
inline constexpr std::size_t partitions_assumed = 16;

/// partitions × (queue + one fetch) ≤ prefetch_bytes, as far as the floors allow: 16 KiB a fetch, 1
/// KiB a queue. A broker always sends at least one whole batch of records, whatever its size.
[[nodiscard]] FetchPlan plan_fetches(FetchInput const& input) noexcept;

}  // namespace headrace::kafka
