// What is spoken on the control socket: one line of JSON asks, one line answers, then the
// connection ends. Both sides' texts are made and read here; docs/control.md shows them. Used by
// ControlServer and by the commands that talk to a running daemon. Thread safety: free functions
// and plain values.
#pragma once

#include "base/result.hpp"
#include "flow/route_command.hpp"
#include "ops/settings.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::ops {

inline constexpr int control_version = 1;
/// The longest request, its end included.
inline constexpr std::size_t control_line_bytes_max = 4096;
/// The longest answer: everything that may be wrong with a configuration.
inline constexpr std::size_t control_answer_bytes_max = 256U << 10;

enum class ControlCommand : std::uint8_t {
    route,      ///< `action` for `route`.
    reload,     ///< Read the configuration again.
    log_level,  ///< Log from `level` on, until the next reload or restart.
};

struct ControlRequest {
    flow::RouteAction action = flow::RouteAction::pause;  ///< For ControlCommand::route alone.
    std::string route{};                                  ///< For ControlCommand::route alone.
    ControlCommand command = ControlCommand::route;
    LogLevel level = LogLevel::info;  ///< For ControlCommand::log_level alone.
};

struct ControlAnswer {
    bool is_done = false;
    std::string message;
    /// What became of the records; nothing when no route was asked.
    struct Records {
        std::uint64_t open = 0;
        std::uint64_t returned = 0;
        bool is_committed = false;
    };
    std::optional<Records> records{};
};

/// The lines, each with its end.
[[nodiscard]] std::string write_request(ControlRequest const& request);
[[nodiscard]] std::string write_answer(ControlAnswer const& answer);

/// Read a line without its end. Total: any bytes give a value or an error (invalid_argument) that
/// says what is wrong and quotes none of them. A request is read strictly: an unknown, repeated or
/// missing member is an error. Of an answer, members that are not known are passed over, so that it
/// may grow.
[[nodiscard]] Result<ControlRequest> read_request(std::string_view line);
[[nodiscard]] Result<ControlAnswer> read_answer(std::string_view line);

}  // namespace headrace::ops
