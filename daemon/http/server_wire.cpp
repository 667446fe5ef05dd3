#include "http/server_wire.hpp"

#include "http/message.hpp"

#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace headrace::http {

namespace {

std::string hex(std::size_t number) {
    std::array<char, 2 * sizeof(number)> text{};
    auto const end = std::to_chars(text.data(), text.data() + text.size(), number, 16).ptr;
    return {text.data(), end};
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool has_body(int status) noexcept {
    return status >= 200 && status != 204 && status != 304;
}

bool is_sendable(ServerResponse const& response) noexcept {
    return response.status >= 200 && response.status <= 599 &&
           is_header_value(response.content_type) &&
           std::all_of(response.headers.begin(), response.headers.end(), [](auto const& header) {
               return is_header_name(header.first) && is_header_value(header.second);
           });
}

std::string answer_head(ServerResponse const& response, AnswerForm form) {
    namespace beast_http = boost::beast::http;
    auto const known = beast_http::int_to_status(static_cast<unsigned>(response.status));
    std::string_view const reason = beast_http::obsolete_reason(known);
    std::string out;
    out.reserve(256);
    out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    out.append(reason).append("\r\n");
    if (has_body(response.status)) {
        if (!response.content_type.empty()) {
            append_header(out, "Content-Type", response.content_type);
        }
        if (response.delivery == Delivery::chunked && !form.http_1_0) {
            append_header(out, "Transfer-Encoding", "chunked");
        } else {
            append_header(out, "Content-Length", std::to_string(response.body.size()));
        }
    }
    for (auto const& [name, value] : response.headers)
        append_header(out, name, value);
    if (!form.keep_alive) {
        append_header(out, "Connection", "close");
    } else if (form.http_1_0) {
        append_header(out, "Connection", "keep-alive");
    }
    return out.append("\r\n");
}

std::string chunked_body(std::string_view body) {
    std::string out;
    std::size_t const step = std::max<std::size_t>(1, (body.size() + 2) / 3);
    while (!body.empty()) {
        auto const piece = body.substr(0, step);
        out.append(hex(piece.size())).append("\r\n").append(piece).append("\r\n");
        body.remove_prefix(piece.size());
    }
    return out.append("0\r\n\r\n");
}

ServerResponse refusal(int status, std::string_view reason) {
    ServerResponse response;
    response.status = status;
    response.content_type = "text/plain; charset=utf-8";
    response.body.append(reason).append("\n");
    return response;
}

}  // namespace headrace::http
