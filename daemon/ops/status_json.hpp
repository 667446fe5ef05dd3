// What /status, /readyz and /healthz answer, as text made from plain values. Used by admin_answers;
// the page reads what status_json() writes. Fields are only ever added.
// Thread safety: free functions without state.
#pragma once

#include "flow/route_snapshot.hpp"
#include "ops/config_status.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::ops {

/// The body of /status. What is not known (nothing committed, end not heard of) is null.
[[nodiscard]] std::string status_json(std::span<flow::RouteSnapshot const> routes,
                                      std::string_view version, double uptime_secs,
                                      ConfigStatus const& config = {});

/// Why the daemon is not ready, one sentence each, the route's name in front; empty: it is ready.
[[nodiscard]] std::vector<std::string> unready_reasons(std::span<flow::RouteSnapshot const> routes);

/// A JSON array of strings.
[[nodiscard]] std::string json_list(std::span<std::string const> texts);

}  // namespace headrace::ops
