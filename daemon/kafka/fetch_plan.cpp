#include "kafka/fetch_plan.hpp"

#include <algorithm>

namespace headrace::kafka {
namespace {

constexpr std::size_t fetch_bytes_min = 16 * 1024;
// A held record pins its whole fetch buffer, so that fetches stay small; 256 KiB cost no
// throughput.
constexpr std::size_t fetch_bytes_max = 256 * 1024;
constexpr std::size_t response_bytes_min = 16 * 1024;
constexpr std::size_t response_bytes_max = 1024 * 1024;
constexpr std::size_t queue_kbytes_min = 16;
constexpr std::size_t queue_kbytes_max = 2'097'151;
// What one queued record costs besides its value, which is all that librdkafka's byte limit counts:
// its own bookkeeping, and room for a key and headers.
constexpr std::size_t record_cost_bytes = 1024;
constexpr std::size_t queue_records_floor = 100;
constexpr std::size_t queue_records_ceiling = 100'000;

}  // namespace

FetchPlan plan_fetches(FetchInput const& input) noexcept {
    auto const eighth = input.prefetch_bytes / 8;
    auto const brokers = std::max<std::size_t>(input.brokers, 1);
    FetchPlan plan;
    plan.response_bytes = std::clamp(3 * eighth / (expansion_assumed * brokers), response_bytes_min,
                                     response_bytes_max);
    plan.partition_fetch_bytes = std::min(plan.response_bytes, fetch_bytes_max);
    if (input.message_bytes_max != 0) {
        plan.partition_fetch_bytes =
            std::clamp(input.message_bytes_max, fetch_bytes_min, plan.partition_fetch_bytes);
    }
    plan.queue_kbytes = std::clamp(2 * eighth / 1024, queue_kbytes_min, queue_kbytes_max);
    plan.queue_records =
        std::clamp(2 * eighth / record_cost_bytes, queue_records_floor, queue_records_ceiling);
    plan.held_bytes = eighth;
    return plan;
}

}  // namespace headrace::kafka
