#include "commands/commands.hpp"
#include "ops/control_client.hpp"

#include <ostream>

namespace headrace::commands {

int execute(RouteCommand const& command, Streams streams) {
    ops::ControlPatience patience;
    patience.on_slow = [&] {
        streams.err << "headrace: waiting for the daemon, which has limits.drain_secs for it; "
                       "Ctrl-C leaves it under way\n";
    };
    auto const answer = ops::ask_daemon(command.control, {command.action, command.route}, patience);
    if (!answer) {
        streams.err << "headrace: " << answer.error().message << '\n';
        return exit_failure;
    }
    (answer->is_done ? streams.out : streams.err) << answer->message << '\n';
    return answer->is_done ? exit_ok : exit_failure;
}

}  // namespace headrace::commands
