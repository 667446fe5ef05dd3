// One consistent picture of a route: everything that /metrics, /status, the page, the demo and the
// drain's summary show. Taken under the route's own lock, so that the sums add up. Plain values; no
// behaviour. Thread safety: a snapshot is a copy.
#pragma once

#include "base/clock.hpp"
#include "flow/verdict.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace headrace::flow {

/// The state of a route, as in headrace_route_state.
enum class RouteState : std::uint8_t {
    flowing,    ///< Nothing holds it.
    throttled,  ///< Held by 429 or a quota.
    broken,     ///< The breaker is open.
    blocked,    ///< Credentials, permission, a missing target, or too many refusals in a row.
    suspect,    ///< A batch is past max_retries while others are written.
    paused,     ///< An operator paused or drained it.
    stopped,    ///< A record must be dead-lettered and there is no usable dead-letter topic.
};
inline constexpr std::size_t route_state_count = 7;
[[nodiscard]] std::string_view to_string(RouteState state) noexcept;

/// What `rate_limit` bounds in a second.
enum class RateLimitKind : std::uint8_t {
    requests,  ///< With records or without, retries included.
    records,   ///< As sent, retries included.
    bytes,     ///< Of request bodies, before compression.
};
inline constexpr std::size_t rate_limit_count = 3;
[[nodiscard]] std::string_view to_string(RateLimitKind kind) noexcept;
/// By RateLimitKind.
using RateLimitedSeconds = std::array<double, rate_limit_count>;

/// Why the concurrency limit was changed: a label value.
enum class ConcurrencyChange : std::uint8_t {
    more,       ///< More in flight brought more throughput.
    less,       ///< Less in flight brings as much: the rest only waited.
    throttled,  ///< 429 or a quota.
    failing,    ///< Many requests failed.
    recovered,  ///< The destination came back: little at first.
};
inline constexpr std::size_t concurrency_change_count = 5;
[[nodiscard]] std::string_view to_string(ConcurrencyChange change) noexcept;
/// By ConcurrencyChange.
using ConcurrencyChanges = std::array<std::uint64_t, concurrency_change_count>;

/// A cumulative histogram: counts[i] is the number of observations <= bounds[i]; the last count is
/// the one of +Inf.
struct HistogramSnapshot {
    std::vector<double> bounds;
    std::vector<std::uint64_t> counts;
    double sum = 0;
};

struct BlockingOffset {
    std::int64_t offset = 0;
    double age_secs = 0;    ///< Since it was read.
    unsigned attempts = 0;  ///< Requests that carried it so far, if it is being retried.
    std::string error;      ///< Why it is not settled, if something failed.
};

struct PartitionSnapshot {
    std::string topic;
    std::int32_t partition = 0;
    std::uint64_t read = 0;
    std::int64_t committed = -1;  ///< -1: nothing committed yet.
    std::int64_t end = -1;        ///< -1: not known yet.
    std::int64_t lag_records = 0;
    double lag_secs = 0;
    std::optional<BlockingOffset> blocking;
};

struct RouteSnapshot {
    std::string name;
    std::string destination_type;  ///< "tecton", "milvus".
    RouteState state = RouteState::flowing;
    WallTime since{};          ///< When it entered the state.
    std::string reason;        ///< Why, for people; empty while flowing.
    bool joined = false;       ///< The group was joined at least once and not lost since.
    bool is_drained = false;   ///< An operator drained it: it left its group and stays away.
    bool is_paused = false;    ///< An operator paused or drained it, whatever the state shows.
    bool is_renewing = false;  ///< A reload takes it down or begins it anew: not joined meanwhile.
    std::string trouble;       ///< The Kafka side's present trouble, empty if none.

    std::map<std::string, std::uint64_t> read_by_topic;
    std::map<std::string, std::uint64_t> expired_by_topic;
    std::uint64_t read = 0;
    std::uint64_t written = 0;
    std::map<std::string, std::uint64_t> dead_lettered_by_reason;
    std::map<std::string, std::uint64_t> skipped_by_reason;
    std::map<std::string, std::uint64_t> returned_by_reason;
    std::map<std::string, std::uint64_t> retried_by_reason;
    std::uint64_t in_flight_records = 0;  ///< Open: read, and neither settled nor returned.
    std::uint64_t in_flight_bytes = 0;
    std::int64_t unaccounted = 0;  ///< Must be 0.

    std::uint64_t write_requests = 0;
    std::uint64_t check_requests = 0;
    std::array<std::uint64_t, failure_reason_count> write_errors{};
    HistogramSnapshot write_duration_seconds;
    HistogramSnapshot end_to_end_seconds;
    HistogramSnapshot batch_records;
    double concurrency_limit = 0;
    double concurrency_latency_secs = 0;  ///< Mean, at that limit; 0: not known.
    ConcurrencyChanges concurrency_changes{};
    std::uint64_t requests_in_flight = 0;
    RateLimitedSeconds rate_limited_seconds{};  ///< In which something waited for that limit.
    std::uint64_t memory_bytes =
        0;  ///< Accounted: payloads, cost per record, trackers, bodies, answers, prefetch.
    std::uint64_t memory_limit_bytes = 0;

    double read_per_sec = 0;
    double written_per_sec = 0;
    std::vector<PartitionSnapshot> partitions;
};

}  // namespace headrace::flow
