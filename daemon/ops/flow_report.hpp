// Connects a route's reports to the log: flow knows no log, and reports through a function. Used by
// the daemon when it composes a route.
// Thread safety: the report may be called on any thread.
#pragma once

#include "flow/report.hpp"
#include "ops/rate_limited_log.hpp"

#include <string>

namespace headrace::ops {

/// A report that writes to `log`, which outlives it, with the route's name and at most one line per
/// kind and interval.
[[nodiscard]] flow::Report make_report(RateLimitedLog& log, std::string route);

}  // namespace headrace::ops
