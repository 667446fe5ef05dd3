// The pure side of a destination: where a record goes, whether it fits, how a request is written
// and what an answer means. Everything a destination does to us is known in its dialect and nowhere
// else; HttpSink does the I/O around it. A dialect has no I/O, no clock and no randomness: equal
// calls in equal order give equal results. What it remembers is the targets that records named and
// the schemas that judge_preparation() was shown. Thread safety: an instance belongs to its
// worker's thread.
#pragma once

#include "flow/record.hpp"
#include "flow/sink.hpp"
#include "flow/verdict.hpp"
#include "http/message.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace headrace::sinks {

/// A request as a dialect wrote it, together with what it needs to judge the answer. Used again for
/// the next request, so that its memory is allocated once.
struct EncodedRequest {
    std::string path;  ///< With the query, if any.
    /// Besides those of the HTTP client. RequestHeaders writes over those of the last request.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    /// Values that belong into the body but stay where they are: in the records, which outlive the
    /// exchange.
    std::vector<http::Splice> splices;
    /// A value as large as this is spliced; what only takes whole bodies leaves it at never.
    std::size_t spliced_bytes_min = std::numeric_limits<std::size_t>::max();
    std::string credential;   ///< What must never be shown again, should the peer echo it.
    std::size_t records = 0;  ///< How many were put into the body.
    std::vector<flow::TargetId> targets;  ///< Which targets they belong to, each once.
    std::uint32_t generation = 0;  ///< The dialect's own note: what it knew when it wrote this.

    /// Appends a value to the body, or notes where it belongs. It outlives the exchange.
    void append_value(std::string_view const& value) {
        if (value.size() < spliced_bytes_min) {
            body += value;
        } else {
            splices.push_back({.at = body.size(), .bytes = &value});
        }
    }

    /// Empties everything but the headers, which are written anew as a whole, and keeps the memory.
    void clear() {
        path.clear();
        body.clear();
        splices.clear();
        credential.clear();
        records = 0;
        targets.clear();
        generation = 0;
    }
};

class Dialect {
  public:
    virtual ~Dialect() = default;

    [[nodiscard]] virtual flow::RequestShape shape() const = 0;

    /// Says where the record goes. Total: any bytes give an answer.
    [[nodiscard]] virtual flow::Placement place(flow::Record const& record) = 0;

    /// A name for logs and alarms.
    [[nodiscard]] virtual std::string target_name(flow::TargetId target) const = 0;

    /// What its failures and absence are compared with, see flow::Sink.
    [[nodiscard]] virtual flow::TargetNames names_of(flow::TargetId target) const {
        return {target_name(target), target_name(target)};
    }

    /// Checks a placed record. Total: any bytes give an answer. REQUIRES: is_ready(target).
    [[nodiscard]] virtual std::variant<flow::Inspection, flow::Refusal> inspect(
        flow::Record const& record, flow::TargetId target) = 0;

    /// Appends the indices of the records to send, in order; by default all.
    virtual void collapse(std::span<flow::Record const> records,
                          std::vector<std::uint32_t>& effective);

    /// Writes one request with the records at `effective`. `out` is clear. REQUIRES: each was
    /// inspected.
    virtual void encode(std::span<flow::Record const> records,
                        std::span<std::uint32_t const> effective, EncodedRequest& out) = 0;

    /// Judges the answer to a request that encode() wrote. Total: any bytes give an answer. The
    /// message may be long and dirty: HttpSink cleans it.
    [[nodiscard]] virtual flow::Judgement judge(EncodedRequest const& sent,
                                                http::Response const& answer) = 0;

    /// Whether the target can be written without asking the destination about it first; by default
    /// it can.
    [[nodiscard]] virtual bool is_ready(flow::TargetId target) const;

    /// Writes the question about the target; false if there is nothing to ask, as by default.
    [[nodiscard]] virtual bool encode_preparation(flow::TargetId target, EncodedRequest& out);

    /// Learns from the answer; delivered means that the target is ready.
    [[nodiscard]] virtual flow::Judgement judge_preparation(flow::TargetId target,
                                                            http::Response const& answer);
};

}  // namespace headrace::sinks
