// A request and an answer as plain values, so that dialects can be tested without a socket. Header
// names are compared without case.
// Thread safety: plain values.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headrace::http {

/// Bytes of a body that stand elsewhere, so that large ones need not be copied.
struct Splice {
    std::size_t at = 0;  ///< They come before this byte of the body's own text.
    /// Outlives the exchange. The view may change while that waits, if its bytes stay the same.
    std::string_view const* bytes = nullptr;
};

struct Request {
    std::string_view method = "POST";  ///< Static text.
    std::string_view target{};         ///< Path and query; outlives the exchange.
    std::span<std::pair<std::string, std::string> const>
        headers;              ///< Besides Host, Content-Length, Connection. Outlive the exchange.
    std::string_view body{};  ///< Outlives the exchange.
    std::span<Splice const> splices{};    ///< Into the body, in order. REQUIRES: no TLS.
    std::string_view content_encoding{};  ///< Of the body; empty: it is as it is. Static text.

    /// Of the body with its splices.
    [[nodiscard]] std::size_t body_bytes() const noexcept;
};

struct Response {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};

    /// The first header of that name, without regard to case.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

/// Whether two header names are the same, without regard to case.
[[nodiscard]] bool same_name(std::string_view left, std::string_view right) noexcept;

/// Whether `name` may stand in front of a header's colon (RFC 9110 token).
[[nodiscard]] bool is_header_name(std::string_view name) noexcept;

/// Whether `target` may stand in a request line: visible ASCII only, so nothing that would end the
/// line.
[[nodiscard]] bool is_target(std::string_view target) noexcept;

/// Whether `value` may be sent as a header's value: no control characters but tab, so no line break
/// that would smuggle a header.
[[nodiscard]] bool is_header_value(std::string_view value) noexcept;

}  // namespace headrace::http
