// TLS as the client uses it: 1.2 or newer, the peer's chain and name checked, errors that name the
// cause. check() is used by config, the rest by connection.cpp.
// Thread safety: free functions; a context belongs to its client's thread.
#pragma once

#include "base/result.hpp"
#include "http/settings.hpp"

#include <boost/system/error_code.hpp>

#include <memory>
#include <string>

struct ssl_st;
namespace boost::asio::ssl {
class context;
}

namespace headrace::http {

/// Whether the files can be read and fit together, before anything is connected. The error (tls,
/// not_found, permission) names the file and the cause.
[[nodiscard]] Result<void> check(TlsSettings const& settings);

/// Loads the files into a context for clients. Errors as check().
[[nodiscard]] Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(
    TlsSettings const& settings);

/// Sets the name that the handshake asks for and that the certificate must carry. REQUIRES: the
/// handshake has not begun.
[[nodiscard]] Result<void> expect_peer(ssl_st* handle, std::string const& host, bool verify);

/// Whether the peer's bytes stand in memory unread, or its goodbye does, after all that was asked
/// for was read. What only TLS itself says (tickets, key updates) is taken in and does not count.
[[nodiscard]] bool has_unread(ssl_st* handle);

/// Why a handshake or a TLS connection with `peer` failed, in words that say what to do.
[[nodiscard]] Error tls_error(ssl_st* handle, boost::system::error_code error,
                              std::string const& peer);

}  // namespace headrace::http
