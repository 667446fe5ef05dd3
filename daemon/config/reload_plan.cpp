#include "config/reload_plan.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace headrace::config {
namespace {

/// A running route whose share falls keeps the prefetch that librdkafka was made with: at least so
/// many times that must the share be, or too little is left for open records.
constexpr std::size_t prefetch_part_max = 2;

/// The route without what may change beneath a running one: contents of files that it follows, and
/// its share of the memory.
Route lasting_form(Route route) {
    route.flow.memory_bytes = 0;
    route.source.prefetch_bytes = 0;
    route.file_secrets.clear();
    std::visit(
        [](auto& settings) {
            if (!settings.requests.refresh) return;
            auto& client = settings.requests.client;
            client.proxy = {};
            client.proxy_authorization.clear();
            client.tls.ca_file.clear();
            client.tls.certificate_file.clear();
            client.tls.key_file.clear();
            client.tls.stamp.clear();
        },
        route.destination);
    return route;
}

bool is_same_form(Route const& running, Route const& next) {
    auto const one = lasting_form(running);
    auto const other = lasting_form(next);
    return one.source == other.source && one.dead_letters == other.dead_letters &&
           one.destination == other.destination && one.flow == other.flow;
}

bool can_run_on(Route const& running, Route const& next) {
    return is_same_form(running, next) &&
           next.flow.memory_bytes >= prefetch_part_max * running.source.prefetch_bytes;
}

Route const* find(std::vector<Route> const& routes, std::string_view name) {
    auto const found = std::find_if(routes.begin(), routes.end(),
                                    [&](Route const& route) { return route.name == name; });
    return found == routes.end() ? nullptr : &*found;
}

bool contains(std::vector<std::string> const& names, std::string const& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Its own old form; what leaves the same group, so that no partition has two readers at once; and
/// before a route that was not there all those that make room for it.
std::vector<std::string> predecessors(ReloadPlan const& plan, Config const& running,
                                      Route const& next) {
    bool const is_new = contains(plan.added, next.name);
    std::vector<std::string> names;
    for (auto const& route : running.routes) {
        bool const is_removed = contains(plan.removed, route.name);
        if (!is_removed && !contains(plan.changed, route.name)) continue;
        bool const shares_group = route.source.group == next.source.group;
        if (route.name == next.name || shares_group || (is_new && is_removed))
            names.push_back(route.name);
    }
    return names;
}

std::string part(std::vector<std::string> const& names, char const* what, bool is_first) {
    if (names.empty()) return {};
    auto text = std::string(is_first ? "" : ", ") + std::to_string(names.size());
    if (is_first) text += names.size() == 1 ? " route" : " routes";
    text.append(" ").append(what);
    std::string list;
    for (auto const& name : names)
        list += (list.empty() ? "" : ", ") + name;
    return text + " (" + list + ")";
}

}  // namespace

ReloadPlan plan_reload(Config const& running, Config const& next) {
    ReloadPlan plan;
    for (auto const& route : running.routes) {
        if (find(next.routes, route.name) == nullptr) plan.removed.push_back(route.name);
    }
    for (auto const& route : next.routes) {
        auto const* const before = find(running.routes, route.name);
        auto& names = before == nullptr            ? plan.added
                      : can_run_on(*before, route) ? plan.unchanged
                                                   : plan.changed;
        names.push_back(route.name);
    }
    for (std::size_t i = 0; i < next.routes.size(); ++i) {
        auto const& route = next.routes[i];
        if (contains(plan.unchanged, route.name)) continue;
        plan.starts.push_back({i, predecessors(plan, running, route)});
    }
    plan.changes_log = running.log != next.log;
    if (running.admin != next.admin) plan.at_restart.emplace_back("admin.listen");
    if (running.control != next.control) plan.at_restart.emplace_back("control.socket");
    if (running.limits.workers != next.limits.workers)
        plan.at_restart.emplace_back("limits.workers");
    return plan;
}

std::string describe(ReloadPlan const& plan) {
    auto text = part(plan.changed, "changed", true);
    text += part(plan.added, "added", text.empty());
    text += part(plan.removed, "removed", text.empty());
    if (!text.empty() && plan.unchanged.empty()) return text;
    if (!text.empty()) return text + ", " + std::to_string(plan.unchanged.size()) + " unchanged";
    return plan.changes_log ? "the log changed, no route did" : "no route changed";
}

std::string describe_at_restart(std::vector<std::string> const& keys) {
    std::string list;
    for (auto const& key : keys)
        list += (list.empty() ? "takes effect at the next restart: " : ", ") + key;
    return list;
}

}  // namespace headrace::config
