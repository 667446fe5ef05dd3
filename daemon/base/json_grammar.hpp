// The slow judge behind JsonValidator: one pass over a text by the grammar of RFC 8259, without
// recursion and without any opinion about magnitudes. Its word is final where simdjson's fast path
// refuses, and it knows where the fault is. Escapes are judged by grammar alone: a lone surrogate
// such as \ud800 is grammatical (RFC 8259, section 8.2). Thread safety: a free function, any
// thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace headrace {

/// What is wrong with a text, and at which byte.
struct JsonFault {
    std::size_t at = 0;
    std::string_view what;  ///< Static text, fits after "is not valid JSON: ".
};

/// Nothing if `text` is exactly one JSON object, strict UTF-8, with only white space around it,
/// nested at most json_depth_max deep.
[[nodiscard]] std::optional<JsonFault> find_json_fault(std::string_view text);

}  // namespace headrace
