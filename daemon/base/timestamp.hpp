// RFC 3339 timestamps, as the configuration's `start` takes them and as dead letters, logs and
// /status print them.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace headrace {

/// UTC with milliseconds: "2026-11-21T09:00:00.000Z".
[[nodiscard]] std::string format_timestamp(WallTime time);

/// Reads `YYYY-MM-DDThh:mm:ss[.fraction](Z|+hh:mm|-hh:mm)`; anything else is invalid_argument.
/// Years 1970 to 9999.
[[nodiscard]] Result<WallTime> parse_timestamp(std::string_view text);

}  // namespace headrace
