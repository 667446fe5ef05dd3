#include "ops/state_log.hpp"

#include <algorithm>

namespace headrace::ops {
namespace {

using flow::RouteState;

LogLevel level_of(RouteState state) noexcept {
    switch (state) {
        case RouteState::flowing:
        case RouteState::paused:
            return LogLevel::info;
        case RouteState::throttled:
        case RouteState::broken:
            return LogLevel::warn;
        case RouteState::blocked:
        case RouteState::suspect:
        case RouteState::stopped:
            return LogLevel::error;
    }
    return LogLevel::error;
}

}  // namespace

void StateLog::observe(std::span<flow::RouteSnapshot const> routes) {
    for (auto const& route : routes) {
        auto& seen = seen_[route.name];
        if (route.joined && !seen.joined) {
            log_.write(LogLevel::info, "route_joined", "the consumer group was joined",
                       {{"route", route.name}, {"partitions", route.partitions.size()}});
        } else if (!route.joined && seen.joined && !route.is_drained && !route.is_renewing) {
            log_.write(LogLevel::warn, "route_left", "the consumer group was left or lost",
                       {{"route", route.name}, {"trouble", route.trouble}});
        }
        if (route.state != seen.state) tell_state(route, seen.state);
        seen = {route.state, route.joined};
    }
    // A route that was removed and comes again begins anew.
    std::erase_if(seen_, [&](auto const& entry) {
        return std::none_of(routes.begin(), routes.end(),
                            [&](auto const& route) { return route.name == entry.first; });
    });
}

void StateLog::tell_state(flow::RouteSnapshot const& route, RouteState before) {
    std::string message = "the route is ";
    message += flow::to_string(route.state);
    if (!route.reason.empty()) message += ": " + route.reason;
    log_.write(level_of(route.state), "route_state", message,
               {{"route", route.name},
                {"state", flow::to_string(route.state)},
                {"before", flow::to_string(before)}});
}

}  // namespace headrace::ops
