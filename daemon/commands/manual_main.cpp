// Writes the manual pages and the shell completions: headrace_manual FOLDER DATE EXAMPLE_FILE. For
// the target `manual`.
#include "commands/command_manual.hpp"
#include "commands/completion.hpp"
#include "config/config_manual.hpp"
#include "version.hpp"

#include <fstream>
#include <iostream>
#include <iterator>

namespace {

bool write(std::string const& path, std::string const& text) {
    std::ofstream file(path, std::ios::binary);
    file << text << std::flush;
    if (!file) std::cerr << path << ": cannot be written\n";
    return static_cast<bool>(file);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 4) {
        std::cerr << "usage: headrace_manual FOLDER DATE EXAMPLE_FILE\n";
        return 64;
    }
    std::string const folder = std::string(arguments[1]) + "/";
    std::ifstream file(arguments[3], std::ios::binary);
    std::string const example{std::istreambuf_iterator<char>(file), {}};
    auto const tree = headrace::commands::command_tree();
    bool const is_written =
        write(folder + "headrace.1",
              headrace::commands::command_manual(tree, arguments[2], headrace::version)) &&
        write(folder + "headrace.yaml.5",
              headrace::config::config_manual(arguments[2], headrace::version, example)) &&
        write(folder + "headrace.bash", headrace::commands::bash_completion(tree)) &&
        write(folder + "_headrace", headrace::commands::zsh_completion(tree)) &&
        write(folder + "headrace.fish", headrace::commands::fish_completion(tree));
    return is_written && !example.empty() ? 0 : 1;
}
