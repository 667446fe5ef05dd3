// Reads and writes the addresses of destinations and proxies. Used by config, which keeps the
// result; nothing else parses URLs.
// Thread safety: free functions without state.
#pragma once

#include "base/result.hpp"
#include "http/settings.hpp"

#include <string>
#include <string_view>

namespace headrace::http {

/// Reads an absolute http or https URL. Refused as invalid_config with advice: other schemes,
/// credentials inside, a fragment, a port outside 1..65535, bytes that may not stand in a URL. The
/// error never quotes the text: it may hold a secret.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// The shortest text that reads back as `url`.
[[nodiscard]] std::string to_string(Url const& url);

/// Host and, unless it is the scheme's own, port: what a Host header says. IPv6 addresses in
/// brackets.
[[nodiscard]] std::string authority(Url const& url);

/// Host and port always: what CONNECT and messages say.
[[nodiscard]] std::string host_and_port(Url const& url);

}  // namespace headrace::http
