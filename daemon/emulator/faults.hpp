// The fault switches: which requests go wrong, and how. A rule fires by count, by rate or within a
// window of time, for one operation or one target (stream source, collection) or all. Used by both
// emulators; what a fault does to an answer is theirs. Pure: time and randomness are parameters.
// Thread safety: a schedule belongs to its emulator.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::emulator {

enum class FaultKind : std::uint8_t {
    status,        ///< An HTTP status of `status` with a body of form `body`.
    code,          ///< Milvus: an envelope with `code` and `message`.
    absent,        ///< The target is unknown, as a new stream source is for some minutes.
    reset,         ///< The connection is reset instead of an answer.
    stall,         ///< No answer for `wait_ms`, then a reset.
    goaway,        ///< What a proxy shows of HTTP/2's GOAWAY: 502 in plain text, then closed.
    broken_body,   ///< 200 with half a JSON text.
    truncated,     ///< The true answer, cut off in the middle of its body.
    close_after,   ///< The true answer; the connection closes although keep-alive was promised.
    chunked,       ///< The true answer in chunks.
    byte_by_byte,  ///< The true answer, one byte per write.
    latency,       ///< The true answer later; adds to any other fault.
    wrong_count,   ///< Milvus: the counts in the answer are off by `count_error`.
    success_200,   ///< Milvus: success as code 200, as before 2.4.3.
};

/// What a request leaves behind although its answer is a fault.
enum class WriteEffect : std::uint8_t {
    none,         ///< Nothing is written.
    whole,        ///< Everything is written before the answer.
    part,         ///< Only the rows of some shards are written.
    late,         ///< Everything is written `late_ms` after the answer.
    after_newer,  ///< Written right after a newer write of one of its keys.
};

/// The form of an error's body.
enum class BodyForm : std::uint8_t {
    json,  ///< The service's own error object.
    grpc,  ///< `{"error":...,"code":N,"message":...}` with gRPC's code.
    none,  ///< No body at all.
    html,  ///< A gateway's page.
    text,  ///< One line of plain text.
};

enum class RetryAfter : std::uint8_t {
    absent,   ///< No such header.
    seconds,  ///< `Retry-After: 2`
    date,     ///< `Retry-After: Wed, 21 Oct 2026 07:28:00 GMT`
};

/// How an emulator misbehaves once; which fields count depends on the kind.
struct Fault {
    FaultKind kind = FaultKind::status;
    int status = 503;
    BodyForm body = BodyForm::json;
    RetryAfter retry_after = RetryAfter::absent;
    std::uint32_t retry_after_secs = 1;
    std::int64_t code = 1;
    std::string message;  ///< Empty: the text that the real service would use.
    WriteEffect write = WriteEffect::none;
    double written_share = 0.5;  ///< Of the rows, with WriteEffect::part.
    std::uint32_t late_ms = 1000;
    std::uint32_t wait_ms = 60'000;
    std::int64_t count_error = -1;
    double p50_ms = 0;        ///< Latency; 0 with `documented`.
    double p99_ms = 0;        ///< Latency; below p50_ms means always p50_ms.
    bool documented = false;  ///< Latency as Tecton documents it, by the number of records.
};

/// When a fault happens.
struct FaultRule {
    Fault fault;
    std::string operation;  ///< `ingest`, `upsert` …; empty: any that writes; `any`: all of them.
    std::string target;     ///< Stream source or collection; empty: any.
    std::uint64_t skip = 0;
    std::uint64_t count = std::numeric_limits<std::uint64_t>::max();
    double rate = 1.0;
    Duration from{};  ///< Since the rule was added.
    Duration until = Duration::max();
};

/// What a request asks the schedule with.
struct FaultQuestion {
    std::string_view operation;
    bool writes = false;
    std::vector<std::string> const* targets = nullptr;  ///< REQUIRES: not null.
    std::size_t records = 0;
};

/// What goes wrong with one request: at most one fault, and a wait.
struct FaultDraw {
    std::optional<Fault> fault;
    Duration wait{};
};

class FaultSchedule {
  public:
    struct Entry {
        std::uint64_t id = 0;
        FaultRule rule;
        TimePoint since;
        std::uint64_t matched = 0;  ///< Requests that the rule was for.
        std::uint64_t fired = 0;
    };

    explicit FaultSchedule(std::uint64_t seed) : random_(seed) {}

    /// Adds a rule; earlier rules win. The number returned names it.
    std::uint64_t add(FaultRule rule, TimePoint now);
    /// Removes one rule; false if there is none of that number.
    bool remove(std::uint64_t id);
    void clear() { entries_.clear(); }
    [[nodiscard]] std::vector<Entry> const& entries() const { return entries_; }

    /// Decides what goes wrong with one request, and counts it.
    [[nodiscard]] FaultDraw draw(FaultQuestion const& question, TimePoint now);

  private:
    [[nodiscard]] bool fires(Entry& entry, FaultQuestion const& question, TimePoint now);

    std::vector<Entry> entries_;
    std::uint64_t next_id_ = 1;
    Random random_;
};

/// A wait with that median and 99th percentile (log-normal).
[[nodiscard]] Duration latency(double p50_ms, double p99_ms, Random& random);

/// `Retry-After`'s value, or nothing.
[[nodiscard]] std::optional<std::string> retry_after_value(Fault const& fault, WallTime now);

}  // namespace headrace::emulator
