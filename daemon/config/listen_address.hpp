// Reads HOST:PORT for servers of our own. Pure; used by build.
// Thread safety: a free function without state.
#pragma once

#include "base/result.hpp"
#include "ops/settings.hpp"

#include <string>
#include <string_view>

namespace headrace::config {

/// An IPv4 address, an IPv6 one in brackets, or localhost (127.0.0.1), and a port from 0 to 65535.
/// The error does not repeat the text.
[[nodiscard]] Result<ops::AdminSettings> parse_listen_address(std::string_view text);

/// The text that reads back as `settings`.
[[nodiscard]] std::string format_listen_address(ops::AdminSettings const& settings);

}  // namespace headrace::config
