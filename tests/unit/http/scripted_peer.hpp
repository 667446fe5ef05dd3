// A destination that answers by script, byte for byte, so that tests can play every broken peer:
// each connection has its list of replies, one per request.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace headrace::http::testing {

/// What a peer does after a reply.
enum class After {
    keep,    ///< Reads the next request.
    close,   ///< Closes in order.
    reset,   ///< Sends RST.
    silence  ///< Stays open and says nothing more.
};

struct Reply {
    std::string bytes;
    After after = After::keep;
    bool by_bytes = false;  ///< One byte per write.
    std::string behind{};   ///< Written at once behind it, with TLS in a record of its own.
};

struct PeerScript {
    std::vector<std::vector<Reply>> connections;  ///< The last one serves for all that follow.
    std::shared_ptr<boost::asio::ssl::context> tls = nullptr;  ///< Nothing: plain.
    bool is_tunnel = false;  ///< The first request is a CONNECT; TLS begins after its reply.
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
};

class ScriptedPeer {
  public:
    ScriptedPeer(boost::asio::io_context& io, PeerScript script);
    ~ScriptedPeer();
    ScriptedPeer(ScriptedPeer const&) = delete;
    ScriptedPeer& operator=(ScriptedPeer const&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    /// Closes or resets what is open and not in use by a reply.
    void close_all();
    /// Sends bytes that nobody asked for on all open connections.
    void send_unasked(std::string const& bytes);

    // What the peer saw. Outlives the peer: connections may end later.
    struct Seen {
        std::size_t accepted = 0;
        std::size_t ended = 0;                  ///< Connections that the client closed.
        std::vector<std::string> requests;      ///< Head and body as sent.
        std::vector<std::string> server_names;  ///< SNI of each handshake.
        std::function<void()> on_request;       ///< Called for each, before the reply.
    };
    std::shared_ptr<Seen> const seen = std::make_shared<Seen>();

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

/// "HTTP/1.1 200 OK" with a Content-Length.
[[nodiscard]] std::string ok(std::string const& body);

/// Takes connections until the kernel takes no more, so that the next one waits for ever.
class FullBacklog {
  public:
    explicit FullBacklog(boost::asio::io_context& io);
    [[nodiscard]] std::uint16_t port() const;

  private:
    boost::asio::ip::tcp::acceptor acceptor_;
    std::vector<boost::asio::ip::tcp::socket> filling_;
};

/// A port on 127.0.0.1 on which nobody listens.
[[nodiscard]] std::uint16_t free_port(boost::asio::io_context& io);

}  // namespace headrace::http::testing
