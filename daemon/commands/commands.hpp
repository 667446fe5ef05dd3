// What each command does, from the parsed command line to the exit code. Used by main.
// Thread safety: call from the main thread; run, demo and emulator take SIGTERM and SIGINT for
// themselves.
#pragma once

#include "commands/command_line.hpp"

#include <iosfwd>

namespace headrace::commands {

/// Where commands write; a parameter for tests.
struct Streams {
    std::ostream& out;
    std::ostream& err;
};

[[nodiscard]] int execute(RunCommand const& command, Streams streams);
[[nodiscard]] int execute(ValidateCommand const& command, Streams streams);
[[nodiscard]] int execute(PrintConfigCommand const& command, Streams streams);
[[nodiscard]] int execute(DemoCommand const& command, Streams streams);
[[nodiscard]] int execute(EmulatorCommand const& command, Streams streams);
[[nodiscard]] int execute(HealthcheckCommand const& command, Streams streams);
[[nodiscard]] int execute(RouteCommand const& command, Streams streams);
[[nodiscard]] int execute(ReloadCommand const& command, Streams streams);
[[nodiscard]] int execute(LogLevelCommand const& command, Streams streams);
[[nodiscard]] int execute(Told const& command, Streams streams);

}  // namespace headrace::commands
