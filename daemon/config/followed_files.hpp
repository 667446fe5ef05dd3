// Values that follow the files they stand in, and TLS files that are replaced while the daemon
// runs: made into functions that the sinks and the route ask. Used by the builders of a
// destination. Thread safety: free functions; what they return may be asked from any thread.
#pragma once

#include "config/build.hpp"
#include "sinks/settings.hpp"

#include <string>

namespace headrace::config {

/// The present value of `text`, which stands at `key`. If it stands in a file it is added to
/// `followed`, which the daemon polls; `check` says what a new content must be.
[[nodiscard]] sinks::Secret follow_text(BuildContext const& context, std::string key,
                                        Text const& text, FileSecret::Check check,
                                        FileSecrets& followed);

/// What brings http.proxy and http.tls.* up to date: their values, and a stamp of the TLS files.
/// Empty if no file is behind them.
[[nodiscard]] sinks::Refresh follow_connection_files(BuildContext const& context,
                                                     SettingsLookup const& lookup,
                                                     FileSecrets& followed);

/// Whether a value at this path is followed; others are read once.
[[nodiscard]] bool is_followed(std::string_view path);

}  // namespace headrace::config
