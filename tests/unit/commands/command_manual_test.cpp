#include "commands/command_manual.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace::commands;

namespace {

void expect(std::string const& page, std::string const& path, CommandDescription const& command) {
    INFO(path);
    CHECK(page.find(path) != std::string::npos);
    for (auto const& option : command.options) {
        INFO(option.name);
        CHECK(page.find("fB" + option.name + "fR") != std::string::npos);
        CHECK(page.find(option.variable) != std::string::npos);
    }
    for (auto const& inner : command.commands)
        expect(page, path.substr(0, path.find(" [")) + " " + inner.name, inner);
}

}  // namespace

TEST_CASE("headrace(1) has every command and option of the command line") {
    auto const tree = command_tree();
    auto page = command_manual(tree, "2026-01-02", "1.0");
    // The page escapes every dash; names are easier to find without.
    std::erase(page, '\\');
    CHECK(page.find(".SS headrace route pause NAME\n") != std::string::npos);
    for (auto const& command : tree.commands)
        expect(page, ".SS headrace " + command.name, command);
}
