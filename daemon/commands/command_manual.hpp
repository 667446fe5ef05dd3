// headrace(1): the command line as a manual page. Used by the program headrace_manual.
// Thread safety: a free function without state.
#pragma once

#include "commands/command_tree.hpp"

#include <string>
#include <string_view>

namespace headrace::commands {

[[nodiscard]] std::string command_manual(CommandDescription const& tree, std::string_view date,
                                         std::string_view version);

}  // namespace headrace::commands
