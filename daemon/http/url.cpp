#include "http/url.hpp"

#include "http/message.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <charconv>

namespace headrace::http {

namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;
/// The longest name that DNS knows.
constexpr std::size_t host_bytes_max = 253;

std::uint16_t default_port(bool tls) noexcept {
    return tls ? https_port : http_port;
}

Error refused(std::string_view why) {
    return Error{ErrorCode::invalid_config, std::string(why)};
}

bool is_host_name(std::string_view host) noexcept {
    return !host.empty() && host.size() <= host_bytes_max &&
           std::all_of(host.begin(), host.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.' || c == '_';
           });
}

bool is_ipv6(std::string_view host) {
    boost::system::error_code error;
    boost::asio::ip::make_address_v6(std::string(host), error);
    return !error;
}

Result<std::uint16_t> parse_port(std::string_view text) {
    unsigned port = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    bool const whole = error == std::errc{} && end == text.data() + text.size();
    if (!whole || port == 0 || port > 65535) {
        return refused("the URL's port must be a number from 1 to 65535");
    }
    return static_cast<std::uint16_t>(port);
}

Result<void> parse_authority(std::string_view text, Url& url) {
    if (text.find('@') != std::string_view::npos) {
        return refused(
            "the URL holds credentials (user@host): give them in the option made for them, so "
            "that they stay out of logs");
    }
    std::string_view port;
    if (text.starts_with('[')) {
        auto const close = text.find(']');
        if (close == std::string_view::npos || !is_ipv6(text.substr(1, close - 1))) {
            return refused("the URL's IPv6 address is not valid: write it as http://[::1]:8080/");
        }
        url.host = text.substr(1, close - 1);
        port = text.substr(close + 1);
        if (!port.empty() && port.front() != ':') {
            return refused("the URL has text between its IPv6 address and its port");
        }
    } else {
        auto const colon = text.find(':');
        url.host = text.substr(0, colon);
        if (colon != std::string_view::npos) port = text.substr(colon);
        if (is_ipv6(text)) {
            return refused("an IPv6 address in a URL needs brackets: http://[::1]:8080/");
        }
        if (!is_host_name(url.host)) {
            return refused(
                "the URL's host must be a name of letters, digits, '-', '.', '_' or an address");
        }
    }
    if (port.empty()) return {};
    auto number = parse_port(port.substr(1));
    if (!number) return std::move(number).error();
    url.port = *number;
    return {};
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
    auto const scheme_end = text.find("://");
    auto const scheme = text.substr(0, scheme_end);
    if (scheme_end == std::string_view::npos ||
        !(same_name(scheme, "http") || same_name(scheme, "https"))) {
        return refused("the URL must begin with http:// or https://");
    }
    Url url;
    url.tls = same_name(scheme, "https");
    url.port = default_port(url.tls);
    auto const rest = text.substr(scheme_end + 3);
    if (!is_target(rest.empty() ? "/" : rest)) {
        return refused("the URL holds a space, a line break or a byte that needs %-encoding");
    }
    if (rest.find('#') != std::string_view::npos) {
        return refused("the URL holds a fragment (#...), which is never sent: take it away");
    }
    auto const path_at = std::min(rest.find_first_of("/?"), rest.size());
    if (auto read = parse_authority(rest.substr(0, path_at), url); !read) {
        return std::move(read).error();
    }
    auto const path = rest.substr(path_at);
    if (!path.empty()) url.path = path.front() == '?' ? "/" + std::string(path) : std::string(path);
    return url;
}

std::string host_and_port(Url const& url) {
    bool const bare = url.host.find(':') == std::string::npos;
    return (bare ? url.host : "[" + url.host + "]") + ":" + std::to_string(url.port);
}

std::string authority(Url const& url) {
    auto text = host_and_port(url);
    if (url.port == default_port(url.tls)) text.resize(text.rfind(':'));
    return text;
}

std::string to_string(Url const& url) {
    return (url.tls ? "https://" : "http://") + authority(url) + url.path;
}

}  // namespace headrace::http
