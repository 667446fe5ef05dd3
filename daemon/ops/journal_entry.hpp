// One log line as an entry of systemd's journal, in the journal's native protocol: MESSAGE,
// PRIORITY, and each field by itself, so that `journalctl HEADRACE_ROUTE=clicks` finds it. Used by
// Log; knows nothing of sockets. Values are escaped as in a line, so none can hold a line break and
// none can forge a field. Thread safety: free functions without state.
#pragma once

#include "ops/log_line.hpp"

#include <string>
#include <string_view>

namespace headrace::ops {

/// The entry as one datagram. MESSAGE is the line of that format; as text it has neither time nor
/// level, which the journal keeps itself. The kind is HEADRACE_EVENT, a field `route`
/// HEADRACE_ROUTE.
[[nodiscard]] std::string format_journal_entry(LogFormat format, WallTime time,
                                               LogEvent const& event);

/// Whether a descriptor is the journal's stream: `stream` is what systemd says in JOURNAL_STREAM,
/// device and inode as decimal numbers around a colon.
[[nodiscard]] bool is_journal_stream(std::string_view stream, int descriptor);

}  // namespace headrace::ops
