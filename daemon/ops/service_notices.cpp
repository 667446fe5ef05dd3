#include "ops/service_notices.hpp"

#include "ops/escaped_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

namespace headrace::ops {
namespace {

using flow::RouteSnapshot;
using flow::RouteState;

/// A reason is cut after so many bytes: a status is one line of a terminal or two.
constexpr std::size_t reason_bytes_max = 200;
constexpr std::size_t name_bytes_max = 60;

/// What a status counts routes by, from what needs nobody to what needs somebody most.
constexpr std::array<std::string_view, 8> condition_names{
    "flowing", "paused", "joining", "throttled", "broken", "suspect", "blocked", "stopped"};

std::size_t condition_of(RouteSnapshot const& route) {
    bool const is_joining = !route.joined && !route.is_drained;
    std::string_view const name =
        route.state == RouteState::flowing && is_joining ? "joining" : flow::to_string(route.state);
    auto const at = std::find(condition_names.begin(), condition_names.end(), name);
    return static_cast<std::size_t>(at - condition_names.begin());
}

std::string const& reason_of(RouteSnapshot const& route) {
    return route.reason.empty() ? route.trouble : route.reason;
}

std::string count_of(std::uint64_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + ' ' + std::string(count == 1 ? one : many);
}

/// The route that most needs somebody and can say why.
RouteSnapshot const* worst_of(std::span<RouteSnapshot const> routes) {
    RouteSnapshot const* worst = nullptr;
    for (auto const& route : routes) {
        if (reason_of(route).empty()) continue;
        if (worst == nullptr || condition_of(route) > condition_of(*worst)) worst = &route;
    }
    return worst;
}

std::string routes_line(std::span<RouteSnapshot const> routes) {
    std::array<std::uint64_t, condition_names.size()> counts{};
    for (auto const& route : routes) {
        ++counts[condition_of(route)];
    }
    std::string line = count_of(routes.size(), "route", "routes");
    std::string_view separator = ": ";
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] == 0) continue;
        line += std::exchange(separator, ", ");
        line += std::to_string(counts[i]) + ' ' + std::string(condition_names[i]);
    }
    if (auto const* worst = worst_of(routes)) {
        line += " (";
        append_escaped(line, worst->name, name_bytes_max, Quotes::kept);
        line += ": ";
        append_escaped(line, reason_of(*worst), reason_bytes_max, Quotes::kept);
        line += ')';
    }
    return line;
}

std::string drain_line(TimePoint now, ServicePicture const& picture) {
    std::uint64_t open = 0;
    for (auto const& route : picture.routes) {
        open += route.in_flight_records;
    }
    auto const left =
        std::chrono::ceil<std::chrono::seconds>(std::max(*picture.drains_until - now, Duration{}));
    return "draining: " + count_of(open, "record", "records") + " open, " +
           std::to_string(left.count()) + " s left";
}

std::string microseconds(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

}  // namespace

std::string service_status(TimePoint now, ServicePicture const& picture) {
    if (picture.drains_until) return drain_line(now, picture);
    return (picture.is_reloading ? "reloading; " : "") + routes_line(picture.routes);
}

std::string ServiceNotices::due(TimePoint now, ServicePicture const& picture) {
    next_ = told_;
    std::string notice = stage(now, picture);
    auto status = service_status(now, picture);
    bool const may_tell = !notice.empty() || now - told_.status_at >= status_interval;
    if (status != told_.status && may_tell) {
        notice += "STATUS=" + status + '\n';
        next_.status = std::move(status);
        next_.status_at = now;
    }
    bool const is_hungry = !told_.fed_at || now - *told_.fed_at >= feed_interval_;
    if (feed_interval_ > Duration{} && picture.do_loops_beat && is_hungry) {
        notice += "WATCHDOG=1\n";
        next_.fed_at = now;
    }
    return notice;
}

/// What has changed of starting, reloading and stopping.
std::string ServiceNotices::stage(TimePoint now, ServicePicture const& picture) {
    if (told_.is_stopping) return {};
    if (picture.drains_until) {
        next_.is_stopping = true;
        // The unit's TimeoutStopSec need not follow limits.drain_secs.
        return "STOPPING=1\nEXTEND_TIMEOUT_USEC=" +
               microseconds(*picture.drains_until - now + stop_reserve) + '\n';
    }
    if (told_.is_ready && picture.is_reloading && !told_.is_reloading) {
        next_.is_reloading = true;
        return "RELOADING=1\nMONOTONIC_USEC=" + microseconds(now.time_since_epoch()) + '\n';
    }
    bool const has_reloaded = told_.is_reloading && !picture.is_reloading;
    if (!has_reloaded && (told_.is_ready || !is_ready(now, picture))) return {};
    next_.is_ready = true;
    next_.is_reloading = false;
    return "READY=1\n";
}

bool ServiceNotices::is_ready(TimePoint now, ServicePicture const& picture) const {
    if (now - started_ >= ready_within) return true;
    return std::all_of(picture.routes.begin(), picture.routes.end(), [](auto const& route) {
        return route.joined || route.is_drained || !route.trouble.empty();
    });
}

}  // namespace headrace::ops
