#include "commands/completion.hpp"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

using namespace headrace::commands;

namespace {

/// What bash would offer for the words, the last of which is being typed.
std::string offered(std::string const& words) {
    auto pattern = (std::filesystem::temp_directory_path() / "headrace-completion-XXXXXX").string();
    std::string const folder = mkdtemp(pattern.data());
    std::ofstream(folder + "/script") << bash_completion(command_tree()) << "COMP_WORDS=(" << words
                                      << ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - "
                                         "1))\n_headrace\nprintf '%s ' \"${COMPREPLY[@]}\"\n";
    auto const command = "cd " + folder + " && bash script";
    std::unique_ptr<FILE, int (*)(FILE*)> const pipe(popen(command.c_str(), "r"), pclose);
    std::string out;
    std::array<char, 256> part{};
    while (fgets(part.data(), part.size(), pipe.get()) != nullptr)
        out += part.data();
    std::filesystem::remove_all(folder);
    return out;
}

}  // namespace

TEST_CASE("bash completes commands, options and files") {
    CHECK(offered("headrace va") == "validate ");
    CHECK(offered("headrace validate --con") == "--config --connect ");
    CHECK(offered("headrace route ''").starts_with("pause resume drain "));
    CHECK(offered("headrace route pause --h") == "--help ");
    CHECK(offered("headrace run --config scr") == "script ");
    CHECK(offered("headrace run --config = scr") == "script ");
    CHECK(offered("headrace demo --records ''") == " ");
    CHECK(offered("headrace no --x") == " ");
}

TEST_CASE("zsh and fish know every command") {
    auto const tree = command_tree();
    auto const zsh = zsh_completion(tree);
    auto const fish = fish_completion(tree);
    CHECK(zsh.starts_with("#compdef headrace\n"));
    for (auto const& command : tree.commands) {
        INFO(command.name);
        CHECK(zsh.find("'" + command.name + ":") != std::string::npos);
        CHECK(fish.find(" -a " + command.name + " ") != std::string::npos);
    }
}
