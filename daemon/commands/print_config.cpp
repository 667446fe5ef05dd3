#include "commands/commands.hpp"
#include "commands/config_file.hpp"
#include "config/print.hpp"

#include <ostream>

namespace headrace::commands {

int execute(PrintConfigCommand const& command, Streams streams) {
    auto const config = load_config(command.config, streams);
    if (!config) return exit_bad_config;
    streams.out << config::print_config(*config);
    return exit_ok;
}

int execute(Told const& command, Streams streams) {
    (command.is_error ? streams.err : streams.out) << command.text;
    return command.exit_code;
}

}  // namespace headrace::commands
