// Where the daemon of a configuration file answers, and nothing else of the file: a health check
// must find the daemon also while the file is being edited into one that is refused, and where the
// secrets that it names cannot be read. Used by the command healthcheck.
// Thread safety: free functions; see Environment.
#pragma once

#include "base/result.hpp"
#include "config/environment.hpp"
#include "ops/settings.hpp"

#include <string>
#include <string_view>

namespace headrace::config {

/// The value of admin.listen in `text`, its default if it is absent. The error says why it cannot
/// be known: no YAML, a variable that is not set, no address.
[[nodiscard]] Result<ops::AdminSettings> admin_address(std::string_view text,
                                                       Environment const& environment);

/// The same of the file at `path`.
[[nodiscard]] Result<ops::AdminSettings> read_admin_address(std::string const& path,
                                                            Environment const& environment);

}  // namespace headrace::config
