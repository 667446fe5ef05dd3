// A batch: records on their way in one request, or in the smaller requests that it was halved into.
// It is open while records join, sealed when delivery takes it. Used by the batcher and by
// delivery. Plain data; delivery holds the rules. Thread safety: lives on the lane's worker thread.
#pragma once

#include "base/clock.hpp"
#include "flow/order_locks.hpp"
#include "flow/record.hpp"
#include "flow/sink.hpp"
#include "flow/verdict.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace headrace::flow {

/// What is sent as one request: the whole batch at first, then its halves one after the other.
struct Part {
    std::vector<Record> records;
    unsigned attempts = 0;  ///< Requests that carried these records, for reports.
    unsigned failures = 0;  ///< Retry verdicts in a row, for the backoff.
    unsigned strikes = 0;  ///< Of those, the ones that count against `max_retries`: not throttling.
    WallTime first_failure{};
    Judgement last;  ///< The last failure, for reports; reason none if there was none.
};

struct Batch {
    BatchId id = 0;
    std::vector<Part> parts;  ///< The last one is the present one: halves are pushed so that
                              ///< earlier records come first.
    std::vector<std::pair<TargetId, std::uint32_t>>
        targets;  ///< While open: records of each target.
    std::size_t encoded_bytes = 0;
    TimePoint opened_at{};
    TimePoint due{};                ///< When it may be sent again.
    bool is_full = false;           ///< Some limit is reached: to be sent as soon as it may.
    bool holds_permit = false;      ///< Counts in the concurrency limit.
    bool is_blocked_probe = false;  ///< In flight to see whether its missing target is there now.
    std::size_t index = 0;          ///< Its place among those in flight.
    std::vector<std::uint32_t> effective;  ///< Of the request in flight: what is sent.

    [[nodiscard]] Part& part() { return parts.back(); }
    [[nodiscard]] Part const& part() const { return parts.back(); }
};

}  // namespace headrace::flow
