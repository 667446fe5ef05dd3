// What an answer of Tecton's ingest endpoint means: the table of the contract, first match counts.
// Used by the Tecton dialect. Pure. Thread safety: a free function; the validator belongs to the
// caller's thread.
#pragma once

#include "base/json.hpp"
#include "flow/verdict.hpp"
#include "http/message.hpp"

#include <string_view>

namespace headrace::sinks {

/// What the request was about.
struct TectonAsk {
    std::string_view stream_sources;  ///< Names for the message.
    bool dry_run = false;
};

/// Total: any status and any bytes give an answer.
[[nodiscard]] flow::Judgement judge_tecton(JsonValidator& validator, http::Response const& answer,
                                           TectonAsk const& ask);

}  // namespace headrace::sinks
