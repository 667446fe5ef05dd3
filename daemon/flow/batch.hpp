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
#include <optional>
#include <utility>
#include <vector>

namespace headrace::flow {

/// What speaks for and against a record of the part being the reason for its failures: see
/// `retry.suspect_after`. `written` are requests written to the part's sources by all lanes.
struct SuspectMarks {
    std::optional<std::uint64_t> written_before;  ///< When it was first sent.
    std::uint64_t written_at_failure = 0;         ///< At the last failure that counts.
    unsigned failures = 0;        ///< Those that count: no throttling, connection or TLS.
    unsigned failures_alone = 0;  ///< Of those, the ones of a record that stood alone.
    unsigned witnessed = 0;       ///< Of those, the last ones after which others were written.
    TimePoint alone_since{};
};

/// What is sent as one request: the whole batch at first, then its halves one after the other.
struct Part {
    std::vector<Record> records;
    unsigned attempts = 0;  ///< Requests that carried these records, for reports.
    unsigned failures = 0;  ///< Retry verdicts in a row, for the backoff.
    unsigned strikes = 0;  ///< Of those, the ones that count against `max_retries`: not throttling.
    SuspectMarks suspect;
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
    bool is_suspect = false;        ///< Counts as a suspect at the gate.
    std::uint32_t recovery = 0;     ///< The gate's recoveries when it last failed.
    std::size_t index = 0;          ///< Its place among those in flight.
    std::vector<std::uint32_t> effective;  ///< Of the request in flight: what is sent.
    std::vector<TargetId> addressed;       ///< The different targets of the present part.

    [[nodiscard]] Part& part() { return parts.back(); }
    [[nodiscard]] Part const& part() const { return parts.back(); }
};

}  // namespace headrace::flow
