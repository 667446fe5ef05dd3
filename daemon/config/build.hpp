// Makes a Config of the file's values: defaults, what the values mean, and the rules between keys
// and between routes. Used by load. The parts of a route are made by build_route.cpp and
// build_destination.cpp, the rules between routes by route_rules.cpp. Thread safety: free
// functions; a BuildContext belongs to one thread.
#pragma once

#include "config/config.hpp"
#include "config/diagnostic.hpp"
#include "config/environment.hpp"
#include "config/settings_lookup.hpp"
#include "config/values.hpp"

namespace headrace::config {

struct BuildContext {
    Values const& values;
    Environment const& environment;
    DiagnosticList& diagnostics;
};

/// The configuration that the values make; to be used only if `diagnostics` stayed empty.
[[nodiscard]] Config build_config(BuildContext const& context);

/// Route number `index`, all but its share of the memory.
[[nodiscard]] Route build_route(BuildContext const& context, std::size_t index,
                                Config const& config);

/// The destination and how requests to it are made. `topics` are the route's. Secrets that follow
/// files are added to `followed`.
[[nodiscard]] Destination build_destination(BuildContext const& context,
                                            SettingsLookup const& lookup,
                                            std::vector<std::string> const& topics,
                                            FileSecrets& followed);

/// Gives each route its share of limits.memory.
void share_memory(BuildContext const& context, Config& config);

/// Names, groups and instance ids that must differ between routes.
void check_routes_together(BuildContext const& context, Config const& config);

}  // namespace headrace::config
