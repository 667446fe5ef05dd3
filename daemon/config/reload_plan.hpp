// What a reload has to do: the difference between the configuration that runs and the one that
// shall run, as a plan of which routes run on, leave and start, and in which order. Used by
// Reloader; it does nothing itself. Thread safety: pure functions and plain values.
#pragma once

#include "config/config.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace headrace::config {

/// A route that begins, and the running routes that must have left before, by name.
struct RouteStart {
    std::size_t index = 0;  ///< In the next configuration's routes.
    std::vector<std::string> after{};
};

struct ReloadPlan {
    std::vector<std::string> unchanged;  ///< They run on; their share of the memory may be another.
    std::vector<std::string> changed;    ///< They leave, and start in their new form.
    std::vector<std::string> removed;    ///< They leave.
    std::vector<std::string> added;      ///< They start.
    std::vector<RouteStart> starts;      ///< Of those changed and added.
    bool changes_log = false;
    /// Keys whose new value takes effect at the next start of the process only.
    std::vector<std::string> at_restart;
};

/// `running` holds for each route the form in which it was started. A route is another one when
/// anything is that it was made of; the content of a file that it follows, and its share of the
/// memory, may change beneath it.
[[nodiscard]] ReloadPlan plan_reload(Config const& running, Config const& next);

/// One sentence for people, such as "1 route changed (clicks), 2 unchanged".
[[nodiscard]] std::string describe(ReloadPlan const& plan);

/// "takes effect at the next restart: admin.listen"; empty if nothing does.
[[nodiscard]] std::string describe_at_restart(std::vector<std::string> const& keys);

}  // namespace headrace::config
