// The command line's grammar as CLI11 has it. Used by command_line, which parses with it, and by
// command_tree, which describes it; nothing else sees CLI11. Thread safety: a free function; reads
// the environment when `use` parses.
#pragma once

#include "commands/command_line.hpp"

#include <functional>

namespace CLI {
class App;
}

namespace headrace::commands {

/// Hands the whole grammar to `use`; what it has parsed comes back as a command. Parse errors
/// become Told.
[[nodiscard]] CommandLine with_grammar(std::function<void(CLI::App&)> const& use);

}  // namespace headrace::commands
