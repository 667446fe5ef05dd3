#include "kafka/fetch_plan.hpp"

#include <algorithm>

namespace headrace::kafka {
namespace {

constexpr std::size_t fetch_bytes_min = 16 * 1024;
// A held record pins its whole fetch buffer, so that fetches stay small; 256 KiB cost no
// throughput.
constexpr std::size_t fetch_bytes_max = 256 * 1024;
constexpr std::size_t response_bytes_min = 64 * 1024;
constexpr std::size_t response_bytes_max = 50 * 1024 * 1024;
// What one queued record costs besides its bytes, which librdkafka's byte limit does not count, and
// a small payload.
constexpr std::size_t record_cost_bytes = 1024;
constexpr std::size_t queue_records_floor = 100;
constexpr std::size_t queue_records_ceiling = 100'000;

}  // namespace

FetchPlan plan_fetches(FetchInput const& input) noexcept {
    auto const partitions = std::max<std::size_t>(input.partitions, 1);
    auto const share = input.prefetch_bytes / partitions;
    auto fetch = std::clamp(share / 2, fetch_bytes_min, fetch_bytes_max);
    if (input.message_bytes_max != 0) {
        fetch =
            std::clamp(fetch, fetch_bytes_min, std::max(fetch_bytes_min, input.message_bytes_max));
    }
    FetchPlan plan;
    plan.partition_fetch_bytes = fetch;
    plan.response_bytes = std::max(
        fetch, std::clamp(input.prefetch_bytes / 4, response_bytes_min, response_bytes_max));
    plan.queue_kbytes = std::max<std::size_t>(1, (share > fetch ? share - fetch : 0) / 1024);
    plan.queue_kbytes = std::min<std::size_t>(plan.queue_kbytes, 2'097'151);
    plan.queue_records_min =
        std::clamp(share / record_cost_bytes, queue_records_floor, queue_records_ceiling);
    return plan;
}

}  // namespace headrace::kafka
