// The other end of the control socket: asks a running daemon one thing and waits for the answer.
// Used by the commands that talk to a daemon. Thread safety: a free function; it blocks.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "ops/control_protocol.hpp"

#include <functional>
#include <string>

namespace headrace::ops {

struct ControlPatience {
    /// The daemon answers within its limits.drain_secs, which are an hour at most.
    Duration limit = std::chrono::minutes(61);
    Duration notice = std::chrono::seconds(5);  ///< After that `on_slow` is called, once.
    std::function<void()> on_slow{};
};

/// Errors (not_found, permission, connection, timeout, bad_response) say what to do.
[[nodiscard]] Result<ControlAnswer> ask_daemon(std::string const& path,
                                               ControlRequest const& request,
                                               ControlPatience const& patience = {});

}  // namespace headrace::ops
