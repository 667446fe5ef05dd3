// The bytes of a server's answer, apart from any socket: head, chunks and the refusals that the
// server gives by itself. Used by server.cpp only.
// Thread safety: free functions without state.
#pragma once

#include "http/server.hpp"

#include <string>
#include <string_view>

namespace headrace::http {

/// What the request decides about the form of its answer.
struct AnswerForm {
    bool http_1_0 = false;   ///< The client speaks HTTP/1.0: no chunks.
    bool keep_alive = true;  ///< The connection stays open afterwards.
    bool head_only = false;  ///< The request was HEAD: the length is told, the body is not sent.
};

/// Whether an answer with this status may carry a body at all.
[[nodiscard]] bool has_body(int status) noexcept;

/// Whether the answer can be put on the wire: status in 200..599, no line breaks in headers.
[[nodiscard]] bool is_sendable(ServerResponse const& response) noexcept;

/// Status line and headers with the empty line at their end.
[[nodiscard]] std::string answer_head(ServerResponse const& response, AnswerForm form);

/// The body as three chunks, or as few as it has bytes, with the closing one.
[[nodiscard]] std::string chunked_body(std::string_view body);

/// An answer of the server itself, such as 400 or 413.
[[nodiscard]] ServerResponse refusal(int status, std::string_view reason);

}  // namespace headrace::http
