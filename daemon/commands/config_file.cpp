#include "commands/config_file.hpp"

#include "config/load.hpp"

#include <ostream>

namespace headrace::commands {

std::optional<config::Config> load_config(std::string const& path, Streams streams) {
    auto loaded = config::load_file(path, config::Environment::system());
    if (auto* const config = std::get_if<config::Config>(&loaded)) return std::move(*config);
    for (auto const& diagnostic : std::get<std::vector<config::Diagnostic>>(loaded)) {
        streams.err << diagnostic.text() << '\n';
    }
    return std::nullopt;
}

}  // namespace headrace::commands
