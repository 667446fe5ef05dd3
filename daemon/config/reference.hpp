// The table of keys as others read it: the JSON Schema for editors and the reference in
// docs/configuration.md. Used by the program headrace_reference, which writes both files, and by
// the test that compares them. Thread safety: free functions without state.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace headrace::config {

/// config/headrace.schema.json, JSON Schema draft 2020-12.
[[nodiscard]] std::string json_schema();

/// The reference as a Markdown table.
[[nodiscard]] std::string markdown_reference();

/// The page with what stands between its marks (<!-- reference: begin --> and end) replaced by the
/// present reference.
[[nodiscard]] Result<std::string> with_reference(std::string_view page);

}  // namespace headrace::config
