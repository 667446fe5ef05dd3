// Loads a command's configuration file, or tells everything that is wrong with it.
// Thread safety: a free function; main thread.
#pragma once

#include "commands/commands.hpp"
#include "config/config.hpp"

#include <optional>
#include <string>

namespace headrace::commands {

/// The configuration; nothing if it is wrong, and then every error stands on `streams.err`.
[[nodiscard]] std::optional<config::Config> load_config(std::string const& path, Streams streams);

}  // namespace headrace::commands
