#include "http/request_head.hpp"

#include "http/url.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace headrace::http {

namespace {

Error refused(std::string_view why) {
    return Error{ErrorCode::invalid_argument, std::string(why)};
}

/// Headers that only the client itself writes: a second one would change where the request ends or
/// whom it reaches.
bool is_reserved(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 4> reserved{"Content-Length", "Transfer-Encoding",
                                                       "Connection", "Host"};
    return std::any_of(reserved.begin(), reserved.end(),
                       [name](std::string_view other) { return same_name(name, other); });
}

void append_number(std::string& out, std::size_t number) {
    std::array<char, 24> text{};
    auto const end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    out.append(text.data(), end);
}

}  // namespace

RequestHead::RequestHead(ClientSettings const& settings) {
    auto const host = authority(settings.url);
    std::string proxy_line;
    if (!settings.proxy_authorization.empty()) {
        proxy_line = "Proxy-Authorization: " + settings.proxy_authorization + "\r\n";
    }
    host_lines_ = "Host: " + host + "\r\n";
    if (settings.proxy.host.empty()) return;
    if (settings.url.tls) {
        auto const peer = host_and_port(settings.url);
        connect_ = "CONNECT " + peer + " HTTP/1.1\r\nHost: " + peer + "\r\n" + proxy_line + "\r\n";
    } else {
        target_prefix_ = "http://" + host;
        host_lines_ += proxy_line;
    }
}

Result<void> RequestHead::write(Request const& request, std::string& out) {
    if (!is_header_name(request.method)) return refused("the request's method is not a word");
    if (!request.target.starts_with('/') || !is_target(request.target)) {
        return refused("the request's path must begin with / and hold no spaces or control bytes");
    }
    out.clear();
    out.append(request.method).append(" ").append(target_prefix_).append(request.target);
    out.append(" HTTP/1.1\r\n").append(host_lines_);
    auto const body_bytes = request.body_bytes();
    if (body_bytes != 0 || (request.method != "GET" && request.method != "HEAD")) {
        out.append("Content-Length: ");
        append_number(out, body_bytes);
        out.append("\r\n");
    }
    if (!request.content_encoding.empty()) {
        out.append("Content-Encoding: ").append(request.content_encoding).append("\r\n");
    }
    if (!std::ranges::equal(request.headers, last_headers_)) {
        auto rendered = render(request.headers);
        if (!rendered) return rendered;
    }
    out.append(last_lines_).append("\r\n");
    return {};
}

/// Nearly every request carries the headers of the one before it.
Result<void> RequestHead::render(std::span<Header const> headers) {
    last_headers_.clear();
    last_lines_.clear();
    for (auto const& [name, value] : headers) {
        if (!is_header_name(name) || is_reserved(name)) {
            return refused("the header \"" + name.substr(0, 64) + "\" may not be set");
        }
        if (!is_header_value(value)) {
            return refused("the value of the header \"" + name.substr(0, 64) +
                           "\" holds a line break or another control byte");
        }
    }
    for (auto const& [name, value] : headers)
        last_lines_.append(name).append(": ").append(value).append("\r\n");
    last_headers_.assign(headers.begin(), headers.end());
    return {};
}

}  // namespace headrace::http
