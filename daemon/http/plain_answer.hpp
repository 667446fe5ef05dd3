// Reads an answer that stands whole in memory and is as plain as nearly all are: HTTP/1.1, a
// length, visible ASCII, nothing about the connection. Everything else is left to Beast's parser,
// from its first byte; what this takes, Beast takes alike (the fuzz target http_answer compares
// them). It is here because it costs a quarter of Beast's time. Used by response_reader only.
// Thread safety: a free function.
#pragma once

#include "http/message.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace headrace::http {

/// Fills `into` and says how many bytes the answer took; nothing, with `into` in any state, if it
/// is not whole or not plain. It ends within `bytes_max` and its connection is to be kept.
[[nodiscard]] std::optional<std::size_t> read_plain_answer(std::string_view bytes,
                                                           std::size_t bytes_max, Response& into);

}  // namespace headrace::http
