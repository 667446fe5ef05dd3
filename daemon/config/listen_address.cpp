#include "config/listen_address.hpp"

#include <arpa/inet.h>
#include <charconv>

namespace headrace::config {
namespace {

bool is_address(int family, std::string const& host) {
    in6_addr room{};
    return ::inet_pton(family, host.c_str(), &room) == 1;
}

Error wrong(std::string_view advice) {
    return {ErrorCode::invalid_config,
            "must be HOST:PORT, an address and a port such as 127.0.0.1:9464 or [::1]:9464" +
                std::string(advice)};
}

}  // namespace

Result<ops::AdminSettings> parse_listen_address(std::string_view text) {
    auto const colon = text.rfind(':');
    if (colon == std::string_view::npos) return wrong(": the port is missing");
    auto const port_text = text.substr(colon + 1);
    unsigned port = 0;
    auto const [end, code] =
        std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
    if (code != std::errc{} || end != port_text.data() + port_text.size() || port > 65535) {
        return wrong(": the port must be a number from 0 to 65535");
    }
    auto host = std::string(text.substr(0, colon));
    if (host.empty()) return wrong(": write 0.0.0.0 for all interfaces");
    if (host == "localhost") host = "127.0.0.1";
    bool const bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (!is_address(bracketed ? AF_INET6 : AF_INET, host))
        return wrong(": the host must be an IP address");
    ops::AdminSettings settings;
    settings.address = std::move(host);
    settings.port = static_cast<std::uint16_t>(port);
    return settings;
}

std::string format_listen_address(ops::AdminSettings const& settings) {
    bool const is_ipv6 = settings.address.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + settings.address + "]" : settings.address) + ":" +
           std::to_string(settings.port);
}

}  // namespace headrace::config
