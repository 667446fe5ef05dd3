// The command line as completions for bash, zsh and fish. Used by the program headrace_manual.
// Thread safety: free functions without state.
#pragma once

#include "commands/command_tree.hpp"

#include <string>

namespace headrace::commands {

[[nodiscard]] std::string bash_completion(CommandDescription const& tree);
[[nodiscard]] std::string zsh_completion(CommandDescription const& tree);
[[nodiscard]] std::string fish_completion(CommandDescription const& tree);

}  // namespace headrace::commands
