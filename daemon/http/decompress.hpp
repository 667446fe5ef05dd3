// Undoes a body's Content-Encoding, never beyond a limit: a few kilobytes may stand for gigabytes.
// Used by the emulators, which take what the daemon sends. Thread safety: free functions.
#pragma once

#include "base/result.hpp"
#include "http/content_coding.hpp"
#include "http/server.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::http {

/// The plain body. Errors: too_large (more than `bytes_max`), invalid_argument (not of this coding,
/// cut off, or with something behind its end). No more than `bytes_max` and a fixed amount is ever
/// taken.
[[nodiscard]] Result<std::string> decompress(ContentCoding coding, std::string_view body,
                                             std::size_t bytes_max);

/// Puts the plain body in the place of the request's and takes the header away; the answer to give
/// if that cannot be: 415 for an unknown coding, 413, 400.
[[nodiscard]] std::optional<ServerResponse> decode_body(ServerRequest& request,
                                                        std::size_t bytes_max);

}  // namespace headrace::http
