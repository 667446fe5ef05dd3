// A small HTTP/1.1 server: the emulators and the admin page answer through it. Requests are handed
// to a coroutine handler that may wait, answer in pieces, cut the connection or never answer,
// because the emulators play broken destinations.
// Thread safety: an instance belongs to its io_context's thread.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace headrace::http {

struct ServerRequest {
    std::string method{};
    std::string target{};  ///< As sent: path and query.
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};

    /// The first header of that name without regard to case; empty if absent.
    [[nodiscard]] std::string_view header(std::string_view name) const;
    [[nodiscard]] std::string_view path() const;  ///< Target up to `?`.
    [[nodiscard]] std::string query(std::string_view name)
        const;  ///< Percent-decoded value of a query parameter; empty if absent.
};

/// How an answer is put on the wire; all but `whole` are for broken peers.
enum class Delivery : std::uint8_t {
    whole,         ///< Content-Length, keep-alive.
    chunked,       ///< Transfer-Encoding: chunked in several chunks.
    byte_by_byte,  ///< One byte per write.
    truncated,     ///< Half of the body, then the connection is closed.
    reset,         ///< No answer: the connection is reset (RST).
    close_after,   ///< Whole, with keep-alive promised, then closed all the same.
};

struct ServerResponse {
    int status = 200;
    std::string content_type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
    Delivery delivery = Delivery::whole;
};

struct ServerSettings {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;                  ///< 0: any free one; see Server::port().
    std::size_t body_bytes_max = 64U << 20;  ///< Larger requests get 413.
    std::size_t connections_max = 4096;
    /// Of a connection between requests, and of a request or answer on its way.
    Duration idle_timeout = std::chrono::seconds(60);
    /// How long a handler may go on for a client that has closed its side.
    Duration abandoned_timeout = std::chrono::seconds(10);
};

class Server {
  public:
    using Handler = std::function<boost::asio::awaitable<ServerResponse>(ServerRequest&)>;

    Server(boost::asio::any_io_executor executor, ServerSettings settings, Handler handler);
    ~Server();
    Server(Server const&) = delete;
    Server& operator=(Server const&) = delete;

    /// Binds and begins to accept. The error says which address and why ("port 9464 is in use").
    [[nodiscard]] Result<void> start();
    [[nodiscard]] std::uint16_t port() const noexcept;
    [[nodiscard]] std::size_t connections() const noexcept;
    /// Closes the listener and all connections.
    void stop();
    /// Closes connections that are idle now, as servers do between requests.
    void close_idle();

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace headrace::http
