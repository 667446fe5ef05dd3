// Text from outside made fit for a line: bytes that are not UTF-8, control characters and those
// that turn the direction of writing become \u escapes, so that whatever a peer sends stays within
// its line. Used by the log's lines, the journal's fields and the service manager's status. Thread
// safety: free functions, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace headrace::ops {

/// Whether quotation marks and backslashes are escaped too, as inside a JSON string.
enum class Quotes : bool {
    kept,     ///< They are characters like any other.
    escaped,  ///< With a backslash each, and the common controls as \n, \r and \t.
};

/// Appends `text`, cut after `bytes_max` bytes where a character ends, with `…` then.
void append_escaped(std::string& out, std::string_view text, std::size_t bytes_max, Quotes quotes);

}  // namespace headrace::ops
