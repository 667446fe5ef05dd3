#include "commands/command_tree.hpp"

#include "commands/grammar.hpp"

#include <CLI/CLI.hpp>

namespace headrace::commands {
namespace {

/// `PORT`: the type's name without what CLI11 puts behind it of its checks.
std::string value_name(CLI::Option const& option) {
    auto name = option.get_type_name();
    constexpr std::string_view two_part = "HOST:PORT";
    if (name.starts_with(two_part)) return std::string(two_part);
    return name.substr(0, name.find(':'));
}

OptionDescription describe(CLI::Option const& option) {
    bool const is_flag = option.get_items_expected_max() == 0;
    OptionDescription description;
    description.is_argument = option.get_positional() && option.get_lnames().empty();
    description.name =
        description.is_argument ? option.get_single_name() : "--" + option.get_lnames().front();
    if (!is_flag && !description.is_argument) description.value = value_name(option);
    description.meaning = option.get_description();
    description.variable = option.get_envname();
    description.preset = is_flag ? "" : option.get_default_str();
    description.is_required = option.get_required();
    return description;
}

CommandDescription describe(CLI::App const& app) {
    CommandDescription description;
    description.name = app.get_name();
    description.meaning = app.get_description();
    for (auto const* const option : app.get_options()) {
        description.options.push_back(describe(*option));
    }
    for (auto const* const command : app.get_subcommands(nullptr)) {
        description.commands.push_back(describe(*command));
    }
    return description;
}

}  // namespace

CommandDescription command_tree() {
    CommandDescription tree;
    std::ignore = with_grammar([&](CLI::App& app) { tree = describe(app); });
    return tree;
}

}  // namespace headrace::commands
