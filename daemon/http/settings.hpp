// What an HTTP client must be told: filled by config, used by http/client. Plain values, valid by
// construction of the config.
// Thread safety: plain values.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace headrace::http {

/// Where requests go. No credentials inside.
struct Url {
    bool tls = false;
    std::string host{};  ///< Name or address; an IPv6 address without brackets.
    std::uint16_t port = 80;
    std::string path = "/";  ///< With the query, if any.

    [[nodiscard]] bool operator==(Url const&) const = default;
};

struct TlsSettings {
    std::string ca_file{};           ///< PEM; empty: the system's trust store.
    std::string certificate_file{};  ///< PEM chain for client authentication; empty: none.
    std::string key_file{};          ///< PEM; empty: in certificate_file.
    bool verify = true;   ///< Chain and host name. false is logged as a warning at start.
    std::string stamp{};  ///< Of the files: another one when their content may be another.

    [[nodiscard]] bool operator==(TlsSettings const&) const = default;
};

struct ClientSettings {
    Url url{};                          ///< Scheme, host and port count; the path is the request's.
    Url proxy{};                        ///< http proxy; host empty: none. TLS goes through CONNECT.
    std::string proxy_authorization{};  ///< Value of Proxy-Authorization; empty: none. Secret.
    Duration connect_timeout{};         ///< Name look-up, TCP, proxy and TLS together.
    Duration request_timeout{};         ///< From the first byte sent to the last byte received.
    Duration idle_timeout{};            ///< An idle connection older than this is closed.
    std::size_t response_bytes_max = 0;  ///< Of header and body together.
    std::size_t connections_max = 0;     ///< Idle and busy.
    TlsSettings tls{};

    [[nodiscard]] bool operator==(ClientSettings const&) const = default;
};

}  // namespace headrace::http
