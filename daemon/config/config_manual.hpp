// headrace.yaml(5): the table of keys as a manual page. Used by the program headrace_manual.
// Thread safety: a free function without state.
#pragma once

#include <string>
#include <string_view>

namespace headrace::config {

/// `example` is a configuration for its last section.
[[nodiscard]] std::string config_manual(std::string_view date, std::string_view version,
                                        std::string_view example);

}  // namespace headrace::config
