// A request and an answer as plain values, so that dialects can be tested without a socket. Header names are compared without case.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headrace::http {

struct Request {
    std::string_view method = "POST";                            ///< Static text.
    std::string_view target;                                     ///< Path and query; outlives the exchange.
    std::span<std::pair<std::string, std::string> const> headers;  ///< Besides Host, Content-Length, Connection. Outlive the exchange.
    std::string_view body;                                       ///< Outlives the exchange.
};

struct Response {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    /// The first header of that name, without regard to case.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

}  // namespace headrace::http
