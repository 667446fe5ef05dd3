// Writes the files that come from the table of keys: headrace_reference SCHEMA_FILE PAGE. For the
// target `reference`.
#include "config/reference.hpp"

#include <fstream>
#include <iostream>
#include <iterator>

namespace {

bool write(char const* path, std::string const& text) {
    std::ofstream file(path, std::ios::binary);
    file << text << std::flush;
    if (!file) std::cerr << path << ": cannot be written\n";
    return static_cast<bool>(file);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        std::cerr << "usage: headrace_reference SCHEMA_FILE PAGE\n";
        return 64;
    }
    std::ifstream file(arguments[2], std::ios::binary);
    std::string const page{std::istreambuf_iterator<char>(file), {}};
    auto const updated = headrace::config::with_reference(page);
    if (!updated) {
        std::cerr << arguments[2] << ": " << updated.error().message << "\n";
        return 1;
    }
    return write(arguments[1], headrace::config::json_schema()) && write(arguments[2], *updated)
               ? 0
               : 1;
}
