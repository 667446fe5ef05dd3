// Logs each change of a route's state and each joining of its group, from the snapshots that
// everything else shows too. The daemon calls it once a second or so; a state that lasted shorter
// than that leaves no line.
// Thread safety: not thread-safe; one thread calls it.
#pragma once

#include "flow/route_snapshot.hpp"
#include "ops/log.hpp"

#include <map>
#include <span>
#include <string>

namespace headrace::ops {

class StateLog {
  public:
    /// `log` outlives it. Every route begins as flowing and not joined.
    explicit StateLog(Log& log) : log_(log) {}

    void observe(std::span<flow::RouteSnapshot const> routes);

  private:
    struct Seen {
        flow::RouteState state = flow::RouteState::flowing;
        bool joined = false;
    };

    void tell_state(flow::RouteSnapshot const& route, flow::RouteState before);

    Log& log_;
    std::map<std::string, Seen> seen_;
};

}  // namespace headrace::ops
