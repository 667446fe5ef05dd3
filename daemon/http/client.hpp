// An HTTP/1.1 client for one destination: a pool of keep-alive connections, TLS, an optional proxy,
// and a deadline on every wait. Used by sinks/http_sink. It never follows redirects and never
// retries but for one case: a kept connection that the peer closed before any byte of the answer is
// tried once again on a fresh one, since resending is safe for every destination here.
// Thread safety: an instance belongs to its io_context's thread.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/message.hpp"
#include "http/settings.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>

namespace headrace::http {

/// The part of an exchange that failed; says to metrics whether it was timeout, connection, tls or
/// bad_response (Error::code).
class Client {
  public:
    /// A bad TLS file shows as an error of every exchange; check(TlsSettings) in tls.hpp tells
    /// before.
    Client(boost::asio::any_io_executor executor, ClientSettings settings, Clock const& clock);
    /// Exchanges still under way end with a connection error.
    ~Client();
    Client(Client const&) = delete;
    Client& operator=(Client const&) = delete;

    /// One request, one answer, on a kept connection or a fresh one. Errors: timeout, connection,
    /// tls, permission (a proxy refuses the tunnel for good), too_large (answer over
    /// response_bytes_max), bad_response (not HTTP). After an error the
    /// connection is closed: what was sent counts as given up. `response` is reused: its capacity
    /// stays.
    [[nodiscard]] boost::asio::awaitable<Result<void>> exchange(Request const& request,
                                                                Response& response);

    /// Connections open at this moment, idle ones included.
    [[nodiscard]] std::size_t connections() const noexcept;

    /// Ends exchanges under way with a connection error, and makes no more.
    void close();

    /// Takes other settings, loading the TLS files again: closes idle connections and makes busy
    /// ones close after their exchange. If a file is not usable, the error says so and nothing
    /// changes.
    Result<void> renew(ClientSettings settings);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::http
