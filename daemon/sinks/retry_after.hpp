// Reads the Retry-After of an answer: seconds or a date (RFC 9110, section 10.2.3), clamped to ten
// minutes. Used by HttpSink. Thread safety: free functions, any thread.
#pragma once

#include "base/clock.hpp"
#include "http/message.hpp"

#include <optional>
#include <string_view>

namespace headrace::sinks {

/// A longer Retry-After is cut to this.
inline constexpr Duration retry_after_max = std::chrono::minutes(10);

/// How long the answer asks to wait; nothing if it does not say or cannot be understood. A date
/// counts from the answer's own Date, so that a wrong clock on either side does no harm; without
/// one from `wall`.
[[nodiscard]] std::optional<Duration> read_retry_after(http::Response const& answer, WallTime wall);

/// Reads an HTTP date in any of its three forms (RFC 9110, section 5.6.7).
[[nodiscard]] std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace headrace::sinks
