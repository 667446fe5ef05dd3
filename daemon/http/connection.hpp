// One connection to a destination: opened (look-up, TCP, proxy, TLS), used for one exchange after
// the other, closed. It has one deadline at a time, which its pool's tick looks after. It decides
// nothing about retries. Used by connection_pool.cpp and client.cpp.
// Thread safety: an instance belongs to its io_context's thread.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/look_up.hpp"
#include "http/message.hpp"
#include "http/response_reader.hpp"
#include "http/settings.hpp"
#include "http/unsent.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

namespace headrace::http {

/// What all connections of a client share. Outlives them.
struct ConnectionParts {
    ClientSettings const& settings;
    Clock const& clock;
    LookUp& look_up;
    std::string const& connect_request;  ///< Opens a tunnel; empty: none is needed.
};

class Connection {
  public:
    Connection(boost::asio::any_io_executor const& executor, ConnectionParts parts,
               std::shared_ptr<boost::asio::ssl::context> tls_context);

    /// Connects to one of the destination's addresses, all within connect_timeout. Errors: timeout,
    /// connection, tls, permission (a proxy's refusal that will not pass by itself).
    [[nodiscard]] boost::asio::awaitable<Result<void>> open();

    /// Sends `head()` and the request's body, reads the answer, all within request_timeout. After
    /// an error the connection is of no use.
    [[nodiscard]] boost::asio::awaitable<Result<void>> exchange(Request const& request,
                                                                Response& response);

    /// The head of the next request, to be filled before exchange().
    [[nodiscard]] std::string& head() noexcept { return head_; }
    /// Whether open() has succeeded: the connection was kept.
    [[nodiscard]] bool is_open() const noexcept { return open_; }
    /// Whether any byte of an answer came in the last exchange.
    [[nodiscard]] bool answer_has_begun() const noexcept { return reader_.has_begun(); }
    /// Whether another exchange may follow the last one.
    [[nodiscard]] bool is_reusable();
    /// Whether the peer left an idle connection alone: neither closed it nor sent what nobody asked
    /// for.
    [[nodiscard]] bool is_quiet();
    /// Ends the wait that is under way if its time has passed.
    void check_deadline(TimePoint now);
    /// Ends every wait; they fail.
    void close();

    // For the pool.
    std::size_t index = 0;  ///< Its place among the pool's connections.
    TimePoint idle_since{};

  private:
    using IoResult = std::tuple<boost::system::error_code, std::size_t>;

    [[nodiscard]] boost::asio::awaitable<Result<void>> open_within_deadline();
    [[nodiscard]] boost::asio::awaitable<Result<void>> connect_to_any(LookUp::Answer const& answer);
    [[nodiscard]] boost::asio::awaitable<Result<void>> open_tunnel();
    [[nodiscard]] boost::asio::awaitable<Result<void>> shake_hands();
    [[nodiscard]] boost::asio::awaitable<IoResult> send(Request const& request);
    [[nodiscard]] boost::asio::awaitable<IoResult> send_in_pieces(Request const& request);
    [[nodiscard]] std::size_t write_some(Unsent const& unsent, boost::system::error_code& error);
    [[nodiscard]] boost::asio::awaitable<IoResult> receive();
    [[nodiscard]] boost::asio::awaitable<Result<void>> read_answer(
        boost::system::error_code send_error);
    [[nodiscard]] Result<void> end_answer(boost::system::error_code end);
    [[nodiscard]] std::string peer_prefix() const;
    [[nodiscard]] Error broken(boost::system::error_code error);
    [[nodiscard]] Error connect_timed_out() const;
    [[nodiscard]] Url const& first_hop() const noexcept;
    void arm(TimePoint deadline) noexcept;

    ConnectionParts parts_;
    boost::asio::ip::tcp::socket socket_;
    std::shared_ptr<boost::asio::ssl::context> tls_context_;
    std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
    std::shared_ptr<boost::asio::steady_timer> wake_;
    ResponseReader reader_;
    std::string head_;
    TimePoint deadline_ = TimePoint::max();
    TimePoint open_deadline_ = TimePoint::max();
    std::string_view opening_ = "looking up the name";  ///< The step of open() under way.
    bool open_ = false;
    bool expired_ = false;
    bool closed_ = false;
};

}  // namespace headrace::http
