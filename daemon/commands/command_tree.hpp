// The command line as plain values: what `--help` says, for those that write it down otherwise.
// Used by the manual page and the shell completions, so that neither can differ from the program.
// Thread safety: plain values and a free function.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headrace::commands {

/// What every `--help` ends with.
inline constexpr std::string_view environment_rule =
    "Every option may also come from an environment variable HEADRACE_<OPTION>.";

struct OptionDescription {
    std::string name{};   ///< `--config`, or an argument's name without dashes.
    std::string value{};  ///< `FILE`; empty for a flag and for an argument.
    std::string meaning{};
    std::string variable{};  ///< The environment variable; empty if it has none.
    std::string preset{};    ///< The default; empty if it has none.
    bool is_required = false;
    bool is_argument = false;  ///< Stands without a name.
};

struct CommandDescription {
    std::string name{};
    std::string meaning{};
    std::vector<OptionDescription> options{};  ///< --help and --version included.
    std::vector<CommandDescription> commands{};
};

/// `headrace` itself, with its commands below it in the order of `--help`.
[[nodiscard]] CommandDescription command_tree();

}  // namespace headrace::commands
