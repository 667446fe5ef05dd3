// How much librdkafka may prefetch so that a route stays within its prefetch share, whatever is
// assigned to it: all its partitions are collected in one queue, to which these limits apply. Pure;
// used when the consumer client is made, because librdkafka fixes these limits at creation. Thread
// safety: a pure function.
#pragma once

#include <cstddef>

namespace headrace::kafka {

struct FetchPlan {
    std::size_t partition_fetch_bytes =
        0;                           ///< fetch.message.max.bytes: one partition in one answer.
    std::size_t response_bytes = 0;  ///< fetch.max.bytes: one answer of one broker.
    std::size_t queue_kbytes = 0;    ///< queued.max.messages.kbytes: values in the queue.
    std::size_t queue_records = 0;   ///< queued.min.messages: records in the queue.
    std::size_t held_bytes = 0;      ///< Taken from the queue for partitions that are not read now.
};

struct FetchInput {
    std::size_t prefetch_bytes = 0;
    std::size_t brokers = 0;            ///< Each may have one answer on its way.
    std::size_t message_bytes_max = 0;  ///< 0: no bound.
};

/// What is assumed when the brokers do not say in time how many they are.
inline constexpr std::size_t brokers_assumed = 3;
/// How much larger a fetched answer may become: decompressed, and with what is kept of each record.
inline constexpr std::size_t expansion_assumed = 40;

/// A quarter of the share is for values, one for what librdkafka adds to each record, an eighth for
/// what is held, and the rest for answers on their way, decompressed, from every broker at once.
/// librdkafka fetches nothing while either limit of the queue is reached. Floors: 16 KiB an answer,
/// 16 KiB and 100 records the queue. A broker always sends at least one whole batch of records,
/// whatever its size.
[[nodiscard]] FetchPlan plan_fetches(FetchInput const& input) noexcept;

}  // namespace headrace::kafka
