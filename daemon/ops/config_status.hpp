// What is known of the running configuration and of the last attempt to take another: shown by
// /metrics and /status. Filled by the daemon's Reloader. Thread safety: plain values.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace headrace::ops {

struct ConfigStatus {
    struct Reload {
        WallTime at{};  ///< When it ended.
        bool is_success = false;
        std::string error{};  ///< Everything that was wrong, a line each; empty after a success.
    };

    WallTime loaded_at{};  ///< When the running configuration was loaded.
    std::optional<Reload> last_reload{};
    std::uint64_t successes = 0;  ///< Of reloads.
    std::uint64_t failures = 0;
    bool is_reloading = false;
    std::vector<std::string> at_restart{};  ///< Keys whose new value waits for a restart.
};

using ConfigStatusSource = std::function<ConfigStatus()>;

}  // namespace headrace::ops
