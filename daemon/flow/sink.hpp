// The port to a destination: where a record goes (place), whether it can go there (inspect), which
// records of a request supersede others (collapse), and the exchange itself (write). One instance
// per route and worker. Used by delivery (the pure calls) and the lane (the exchanges). Implemented
// by sinks/http_sink and by fakes. Thread safety: an instance belongs to its worker's thread.
#pragma once

#include "base/result.hpp"
#include "flow/record.hpp"
#include "flow/verdict.hpp"

#include <boost/asio/awaitable.hpp>

#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace headrace::flow {

/// Where a record failed before any request: the `headrace.stage` of its dead letter.
enum class Stage : std::uint8_t {
    decode,  ///< Its bytes are not what `record.format` promises.
    encode,  ///< It cannot be put into a request: no name, no key, too large.
    write,   ///< The destination refused it.
};
[[nodiscard]] std::string_view to_string(Stage stage) noexcept;

/// Why a record becomes a dead letter.
struct Refusal {
    Stage stage = Stage::decode;
    std::string reason;   ///< Short and bounded: a metric label, such as invalid_json, no_key,
                          ///< too_large, rejected.
    std::string status;   ///< The destination's, if it was asked.
    std::string message;  ///< One sentence for people; never empty, never a payload.
};

/// The record is to be settled without being written, because a rule of the configuration says so.
struct Skip {
    std::string_view reason;  ///< Static text: tombstone.
};

/// The sink's number for what a request is addressed to: a stream source, or a collection with
/// partition and operation.
using TargetId = std::uint32_t;

/// Where a record goes, or why it goes nowhere.
using Placement = std::variant<TargetId, Skip, Refusal>;

/// What delivery must know of a placed record before it may join a batch.
struct Inspection {
    std::uint64_t order_hash =
        0;  ///< The destination's own key, if it has one; 0: use the record's.
    std::uint64_t sink_word = 0;    ///< Kept in the record for encode.
    std::size_t encoded_bytes = 0;  ///< What it adds to a request's body.
};

/// The same for every operation on the target.
struct TargetNames {
    std::string source;  ///< The stream source or collection.
    std::string place;   ///< Where a partition is part of the target: with it.
};

/// How the sink wants its requests.
struct RequestShape {
    std::size_t targets_max = 1;       ///< Different targets that one request may carry.
    std::size_t envelope_bytes = 256;  ///< What a body costs besides its records.
    bool has_own_key = false;          ///< inspect() finds the ordering key in the value.
    bool has_one_name =
        false;  ///< Every record goes to one stream source or collection: if it is missing, all is.
};

class Sink {
  public:
    virtual ~Sink() = default;

    [[nodiscard]] virtual RequestShape shape() const = 0;

    /// Says where the record goes. Total: any bytes give an answer.
    [[nodiscard]] virtual Placement place(Record const& record) = 0;

    /// Whether records of this target can be inspected and written; if not, prepare() must succeed
    /// first.
    [[nodiscard]] virtual bool is_ready(TargetId target) const = 0;

    /// Checks a placed record. REQUIRES: is_ready(target).
    [[nodiscard]] virtual std::variant<Inspection, Refusal> inspect(Record const& record,
                                                                    TargetId target) = 0;

    /// A name for logs and alarms, such as `clicks` or `default/docs/_default`.
    [[nodiscard]] virtual std::string target_name(TargetId target) const = 0;

    /// What failures and absences of the target are compared with: by default its name for both.
    [[nodiscard]] virtual TargetNames names_of(TargetId target) const {
        return {target_name(target), target_name(target)};
    }

    /// Appends the indices of the records that are to be sent, in order. The others are superseded
    /// by a later record of the span with the same key.
    virtual void collapse(std::span<Record const> records,
                          std::vector<std::uint32_t>& effective) = 0;

    /// Learns what it must know of the target (a schema) and judges the answer: delivered means
    /// ready.
    [[nodiscard]] virtual boost::asio::awaitable<Judgement> prepare(TargetId target) = 0;

    /// Sends the records at `effective` in one request and judges the answer. The span outlives the
    /// call, but the records' views may change while it waits (Record::detach): ask for them anew
    /// after each wait. Every wait inside has a deadline; it never throws but for cancellation by
    /// the io_context's end.
    [[nodiscard]] virtual boost::asio::awaitable<Judgement> write(
        std::span<Record const> records, std::span<std::uint32_t const> effective) = 0;

    /// Bytes held in encoded bodies and answers at this moment, for the route's memory limit.
    [[nodiscard]] virtual std::size_t held_bytes() const noexcept = 0;
};

}  // namespace headrace::flow
