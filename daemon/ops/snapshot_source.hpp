// Where metrics, /status, /readyz and the page get their picture of the routes from: the daemon
// gives it, every answer asks it once. Thread safety: called on the admin server's thread.
#pragma once

#include "flow/route_snapshot.hpp"

#include <functional>
#include <vector>

namespace headrace::ops {

using SnapshotSource = std::function<std::vector<flow::RouteSnapshot>()>;

}  // namespace headrace::ops
