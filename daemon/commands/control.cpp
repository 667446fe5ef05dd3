#include "commands/commands.hpp"
#include "ops/control_client.hpp"

#include <ostream>

namespace headrace::commands {
namespace {

/// Asks the daemon, and tells what it answers.
int ask(std::string const& socket, ops::ControlRequest const& request, Streams streams) {
    ops::ControlPatience patience;
    patience.on_slow = [&] {
        streams.err << "headrace: waiting for the daemon, which has limits.drain_secs for it; "
                       "Ctrl-C leaves it under way\n";
    };
    auto const answer = ops::ask_daemon(socket, request, patience);
    if (!answer) {
        streams.err << "headrace: " << answer.error().message << '\n';
        return exit_failure;
    }
    (answer->is_done ? streams.out : streams.err) << answer->message << '\n';
    return answer->is_done ? exit_ok : exit_failure;
}

}  // namespace

int execute(RouteCommand const& command, Streams streams) {
    return ask(command.control, {.action = command.action, .route = command.route}, streams);
}

int execute(ReloadCommand const& command, Streams streams) {
    return ask(command.control, {.command = ops::ControlCommand::reload}, streams);
}

int execute(LogLevelCommand const& command, Streams streams) {
    auto const level = ops::parse_log_level(command.level).value_or(ops::LogLevel::info);
    return ask(command.control, {.command = ops::ControlCommand::log_level, .level = level},
               streams);
}

}  // namespace headrace::commands
