// How requests to a destination are made: addresses, proxy, headers, TLS, limits of time and size.
// Used by build_destination. Thread safety: free functions without state.
#pragma once

#include "config/build.hpp"

#include <string>
#include <string_view>

namespace headrace::config {

/// A proxy's address and the Proxy-Authorization that its credentials make.
struct Proxy {
    http::Url url;
    std::string authorization;  ///< Empty: none. Secret.
};

/// Reads http://[USER:PASSWORD@]HOST:PORT; %-escapes in the credentials are undone. The error never
/// quotes the text.
[[nodiscard]] Result<Proxy> parse_proxy(std::string_view text);

/// Everything of http.*, but the address, the number of connections and compression.
[[nodiscard]] http::ClientSettings read_client_settings(BuildContext const& context,
                                                        SettingsLookup const& lookup);

/// http.compression, with a level that the coding has.
[[nodiscard]] http::CompressionSettings read_compression(SettingsLookup const& lookup);

/// http.headers, each one fit to be sent, into `requests`.
void read_headers(BuildContext const& context, SettingsLookup const& lookup,
                  sinks::RequestSettings& requests, FileSecrets& followed);

/// Whether a header's value must not be shown.
[[nodiscard]] bool is_secret_header(std::string_view name);

}  // namespace headrace::config
