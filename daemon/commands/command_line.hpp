// What the user asked for: the command line read into one value per command. Used by main;
// execute() is in commands. Thread safety: free functions; reads the environment
// (HEADRACE_<OPTION>).
#pragma once

#include "flow/route_command.hpp"

#include <cstdint>
#include <string>
#include <variant>

namespace headrace::commands {

struct RunCommand {
    std::string config;
};
struct ValidateCommand {
    std::string config;
    bool connect = false;
};
struct PrintConfigCommand {
    std::string config;
};
struct DemoCommand {
    std::uint64_t records = 0;  ///< 0: until Ctrl-C.
    std::string admin = "127.0.0.1:9464";
};
struct EmulatorCommand {
    int tecton_port = -1;  ///< -1: not asked for.
    int milvus_port = -1;
    std::string listen = "127.0.0.1";  ///< The IP address that both listen on.
};
struct HealthcheckCommand {
    bool ready = false;
    std::string admin{};   ///< HOST:PORT; empty: what `config` says.
    std::string config{};  ///< Empty: the default of admin.listen.
};
struct RouteCommand {
    flow::RouteAction action = flow::RouteAction::pause;
    std::string route;
    std::string control = "/run/headrace/control.sock";
};
struct ReloadCommand {
    std::string control = "/run/headrace/control.sock";
};
struct LogLevelCommand {
    std::string level;
    std::string control = "/run/headrace/control.sock";
};
/// Nothing to execute: help, version or wrong usage, already told.
struct Told {
    int exit_code = 0;
    std::string text;
    bool is_error = false;
};

using CommandLine =
    std::variant<RunCommand, ValidateCommand, PrintConfigCommand, DemoCommand, EmulatorCommand,
                 HealthcheckCommand, RouteCommand, ReloadCommand, LogLevelCommand, Told>;

/// Exit codes of the public interface, section 1.
enum ExitCode : int {
    exit_ok = 0,           ///< Done, or drained cleanly.
    exit_failure = 1,      ///< An unclean drain, a failed start, or connections that fail.
    exit_usage = 64,       ///< The command line is wrong.
    exit_bad_config = 78,  ///< The configuration is wrong.
};

[[nodiscard]] CommandLine parse_command_line(int argc, char const* const* argv);

}  // namespace headrace::commands
