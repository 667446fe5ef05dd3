// What every JSON destination asks of a record's value before it is spliced into a request: one
// complete JSON object, and a body that stays within batch.bytes. Used by dialects. Thread safety:
// free functions; the validator belongs to the caller's thread.
#pragma once

#include "base/json.hpp"
#include "flow/sink.hpp"

#include <optional>
#include <string_view>

namespace headrace::sinks {

/// Nothing if the value is one JSON object; else the refusal at stage decode.
[[nodiscard]] std::optional<flow::Refusal> check_value(JsonValidator& validator,
                                                       std::string_view value);

/// The refusal of a record whose request would have `body_bytes` with nothing else in it; nothing
/// if that is within the limit.
[[nodiscard]] std::optional<flow::Refusal> check_size(std::size_t body_bytes,
                                                      std::size_t body_bytes_max);

}  // namespace headrace::sinks
