#include "commands/command_tree.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace headrace::commands;

namespace {

CommandDescription const& find(CommandDescription const& command, std::string const& name) {
    auto const found = std::ranges::find(command.commands, name, &CommandDescription::name);
    REQUIRE(found != command.commands.end());
    return *found;
}

OptionDescription const& option(CommandDescription const& command, std::string const& name) {
    auto const found = std::ranges::find(command.options, name, &OptionDescription::name);
    REQUIRE(found != command.options.end());
    return *found;
}

}  // namespace

TEST_CASE("the tree has each command with its options, as the help shows them") {
    auto const tree = command_tree();
    CHECK(tree.name == "headrace");
    CHECK(option(tree, "--version").value.empty());
    auto const& config = option(find(tree, "run"), "--config");
    CHECK(config.value == "FILE");
    CHECK(config.variable == "HEADRACE_CONFIG");
    CHECK(config.is_required);
    auto const& demo = find(tree, "demo");
    CHECK(option(demo, "--records").value == "N");
    CHECK(option(demo, "--admin").value == "HOST:PORT");
    CHECK(option(demo, "--admin").preset == "127.0.0.1:9464");
    CHECK(option(find(tree, "emulator"), "--tecton").value == "PORT");
    CHECK(option(find(tree, "validate"), "--connect").value.empty());
    auto const& name = option(find(find(tree, "route"), "pause"), "NAME");
    CHECK(name.is_argument);
    CHECK(name.is_required);
}

TEST_CASE("every option but help and version has an environment variable") {
    auto const check = [](auto const& self, CommandDescription const& command) -> void {
        for (auto const& option : command.options) {
            if (option.is_argument || option.name == "--help" || option.name == "--version")
                continue;
            INFO(command.name << " " << option.name);
            CHECK(option.variable.starts_with("HEADRACE_"));
        }
        for (auto const& inner : command.commands)
            self(self, inner);
    };
    check(check, command_tree());
}
