// Arguments to command, command to exit code.
#include "commands/command_line.hpp"
#include "commands/commands.hpp"

#include <exception>
#include <iostream>

int main(int argc, char** argv) {
    headrace::commands::Streams const streams{std::cout, std::cerr};
    try {
        auto const command = headrace::commands::parse_command_line(argc, argv);
        return std::visit(
            [&](auto const& chosen) { return headrace::commands::execute(chosen, streams); },
            command);
    } catch (std::exception const& error) {
        std::cerr << "headrace: " << error.what() << '\n';
        return headrace::commands::exit_failure;
    }
}
