// Strict UTF-8, one sequence at a time: for text that must be repaired or cut where a character
// ends. Used by the JSON writer and by whatever shows a peer's words to people. Whole texts are
// checked faster by is_utf8 in base/json.hpp. Thread safety: free functions, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace headrace {

/// The length, 1 to 4, of the well-formed sequence that begins at `at`; 0 if there is none.
/// REQUIRES: at < text.size().
[[nodiscard]] std::size_t utf8_length(std::string_view text, std::size_t at) noexcept;

/// Appends a code point; surrogates and what lies above U+10FFFF become U+FFFD.
void append_utf8(std::string& out, char32_t code_point);

}  // namespace headrace
