// The effective configuration as YAML: every default filled in, every secret shown as ***. What it
// prints reads back as the same Config once the secrets are put in again. Used by the command
// print-config. Thread safety: a free function.
#pragma once

#include "config/config.hpp"

#include <string>

namespace headrace::config {

[[nodiscard]] std::string print_config(Config const& config);

}  // namespace headrace::config
