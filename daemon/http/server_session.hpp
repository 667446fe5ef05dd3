// One connection of the server: reads requests, puts answers on the wire in every form of delivery,
// and knows how long it may take. It knows no handler. Internal to http/, used by server.cpp.
// Thread safety: an instance belongs to its io_context's thread.
#pragma once

#include "base/clock.hpp"
#include "http/server.hpp"
#include "http/server_wire.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace headrace::http {

/// What a connection waits for; each has its own limit of time.
enum class Phase : std::uint8_t {
    idle,       ///< Between requests.
    reading,    ///< A request has begun to arrive.
    handling,   ///< The handler has it.
    abandoned,  ///< The handler has it and the client has closed its side.
    writing,    ///< The answer is on its way.
};

/// A whole request and the form that its answer must have.
struct Incoming {
    ServerRequest request;
    AnswerForm form;
};

/// The coroutines keep the session alive by their own pointer. REQUIRES: one of them at a time.
class Session : public std::enable_shared_from_this<Session> {
  public:
    Session(boost::asio::ip::tcp::socket socket, ServerSettings const& settings);

    /// The next request. Nothing: the connection is over; what was no request has been told so.
    [[nodiscard]] boost::asio::awaitable<std::optional<Incoming>> read();
    /// Sends an answer; says whether the connection may be used again.
    [[nodiscard]] boost::asio::awaitable<bool> deliver(ServerResponse response, AnswerForm form);

    void enter(Phase phase) noexcept;
    /// Adds to the time spent in this phase; says whether it is over and the connection to be cut.
    [[nodiscard]] bool is_overdue(Duration passed);
    void close();

    [[nodiscard]] bool is_idle() const noexcept { return phase_ == Phase::idle; }
    [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }
    [[nodiscard]] boost::asio::cancellation_signal& cancel() noexcept { return cancel_; }

  private:
    class Parser;

    [[nodiscard]] boost::asio::awaitable<boost::system::error_code> read_into(Parser& parser);
    [[nodiscard]] boost::asio::awaitable<void> refuse(ServerResponse response);
    [[nodiscard]] boost::asio::awaitable<bool> write(std::string_view head, std::string_view body);
    [[nodiscard]] boost::asio::awaitable<bool> write_by_bytes(std::string_view text);
    [[nodiscard]] bool peer_has_closed();
    void consume(std::size_t count);

    boost::asio::ip::tcp::socket socket_;
    ServerSettings settings_;
    std::vector<char> buffer_;
    std::size_t filled_ = 0;
    boost::asio::cancellation_signal cancel_;
    Phase phase_ = Phase::idle;
    Duration age_{};  ///< Time in this phase.
};

}  // namespace headrace::http
