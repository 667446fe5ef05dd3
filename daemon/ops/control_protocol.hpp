// What is spoken on the control socket: one line of JSON asks, one line answers, then the
// connection ends. Both sides' texts are made and read here; docs/control.md shows them. Used by
// ControlServer and by the commands that talk to a running daemon. Thread safety: free functions
// and plain values.
#pragma once

#include "base/result.hpp"
#include "flow/route_command.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::ops {

inline constexpr int control_version = 1;
/// The longest line of either side, its end included.
inline constexpr std::size_t control_line_bytes_max = 4096;

struct ControlRequest {
    flow::RouteAction action = flow::RouteAction::pause;
    std::string route;
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
