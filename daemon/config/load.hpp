// From a file to a Config that cannot be wrong, or to everything that is wrong with the file at
// once. Used by the commands run, validate and print-config, and by tests. Thread safety: free
// functions; see Environment.
#pragma once

#include "config/config.hpp"
#include "config/diagnostic.hpp"
#include "config/environment.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace headrace::config {

/// More routes than this are refused: each has threads, sockets and memory of its own.
inline constexpr std::size_t routes_max = 256;

using Loaded = std::variant<Config, std::vector<Diagnostic>>;

/// Reads the file at `path`.
[[nodiscard]] Loaded load_file(std::string const& path, Environment const& environment);

/// Reads `text`; `name` stands in the diagnostics as the file's.
[[nodiscard]] Loaded load_text(std::string_view text, std::string const& name,
                               Environment const& environment);

}  // namespace headrace::config
