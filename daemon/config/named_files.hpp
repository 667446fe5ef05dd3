// Which files a configuration is made of beside its own: for whoever wants to hear of their changes
// early. Used by daemon. Thread safety: a free function.
#pragma once

#include "config/config.hpp"

#include <set>
#include <string>

namespace headrace::config {

/// The folders in which these stand: `file` itself, what ${file:…} names, and TLS files.
[[nodiscard]] std::set<std::string> folders_of(std::string const& file, Config const& config);

}  // namespace headrace::config
