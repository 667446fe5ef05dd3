// Makes a peer's words fit for logs, alarms and dead letters: short, one line, UTF-8, and without
// the credential. Used by HttpSink. Thread safety: free functions, any thread.
#pragma once

#include <string>
#include <string_view>

namespace headrace::sinks {

/// A message is at most this long.
inline constexpr std::size_t peer_text_bytes_max = 1024;

/// The text with `credential` (and its part after a colon, if that is no common word) blanked out,
/// runs of white space and control characters made one space, bytes that are not UTF-8 replaced,
/// cut where a character ends.
[[nodiscard]] std::string clean_peer_text(std::string_view text, std::string_view credential);

}  // namespace headrace::sinks
