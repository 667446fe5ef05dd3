// What logging, the admin server and the control socket must be told: filled by config. Plain
// values, valid by construction of the config. Thread safety: plain values.
#pragma once

#include "base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::ops {

/// How much a log line matters; a line is written when its level is at least the log's.
enum class LogLevel : std::uint8_t {
    debug,  ///< For the people who develop the daemon.
    info,   ///< What happened: start, join, drain.
    warn,   ///< Something waits or mends itself, and an operator may want to look.
    error,  ///< Something needs an operator: a blocked or stopped route.
};

/// The level's name in the configuration and in log lines.
[[nodiscard]] std::string_view to_string(LogLevel level) noexcept;
/// Reads a level's name; nothing if there is no such level.
[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view name) noexcept;

/// The form of a log line.
enum class LogFormat : std::uint8_t {
    text,  ///< logfmt: key=value pairs, strings quoted where they must be.
    json,  ///< One JSON object per line.
};

/// The format's name in the configuration.
[[nodiscard]] std::string_view to_string(LogFormat format) noexcept;
/// Reads a format's name; nothing if there is no such format.
[[nodiscard]] std::optional<LogFormat> parse_log_format(std::string_view name) noexcept;

struct LogSettings {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text;

    [[nodiscard]] bool operator==(LogSettings const&) const = default;
};

struct AdminSettings {
    std::string address = "127.0.0.1";
    std::uint16_t port = 9464;  ///< 0: any free one.

    [[nodiscard]] bool operator==(AdminSettings const&) const = default;
};

struct ControlSettings {
    std::string socket;                ///< The path; empty: no control.
    std::size_t connections_max = 16;  ///< Commands under way among them.
    /// For a client to say what it wants, and to take the answer.
    Duration time_limit = std::chrono::seconds(5);

    [[nodiscard]] bool operator==(ControlSettings const&) const = default;
};

}  // namespace headrace::ops
