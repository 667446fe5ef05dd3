// The connections of one client: which are idle, which are busy, how many there may be, and the
// tick that looks after all their deadlines at once. It sends nothing. Used by client.cpp.
// Thread safety: an instance belongs to its io_context's thread.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/connection.hpp"
#include "http/request_head.hpp"
#include "http/settings.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

namespace headrace::http {

class ConnectionPool;

/// A busy connection. Unless it is given back, it is closed at the end, also when its coroutine is
/// cancelled.
class Lease {
  public:
    Lease() = default;
    Lease(std::shared_ptr<ConnectionPool> pool, Connection* connection) noexcept
        : pool_(std::move(pool)), connection_(connection) {}
    Lease(Lease&& other) noexcept
        : pool_(std::move(other.pool_)), connection_(std::exchange(other.connection_, nullptr)) {}
    Lease& operator=(Lease&& other) noexcept {
        std::swap(pool_, other.pool_);
        std::swap(connection_, other.connection_);
        return *this;
    }
    ~Lease();

    [[nodiscard]] explicit operator bool() const noexcept { return connection_ != nullptr; }
    [[nodiscard]] Connection* operator->() const noexcept { return connection_; }
    /// Keeps the connection for the next exchange if it may be kept.
    void give_back();

  private:
    std::shared_ptr<ConnectionPool> pool_;
    Connection* connection_ = nullptr;
};

/// Invariants: 1. connections_[i]->index == i. 2. Every idle connection stands in connections_. 3.
/// There are at most connections_max of them. 4. While there is any connection, the tick is armed.
class ConnectionPool : public std::enable_shared_from_this<ConnectionPool> {
  public:
    ConnectionPool(boost::asio::any_io_executor executor, ClientSettings settings,
                   Clock const& clock);

    /// The idle connection that was used last; nothing if there is none.
    [[nodiscard]] Lease take_idle();
    /// An idle connection or one yet to be opened; with `fresh` always the latter. Waits, up to
    /// connect_timeout, while connections_max are busy.
    [[nodiscard]] boost::asio::awaitable<Result<Lease>> acquire(bool fresh);
    /// Whether the TLS files could be loaded.
    [[nodiscard]] Result<void> check() const;
    /// Lets go of all connections, of busy ones after their exchange: another pool has taken over.
    void retire();
    /// Lets go of all connections that nobody uses.
    void drop_idle();
    /// Ends all waits; nothing is kept or made any more.
    void close();

    [[nodiscard]] std::size_t size() const noexcept { return connections_.size(); }
    [[nodiscard]] RequestHead& head() noexcept { return head_; }
    [[nodiscard]] ClientSettings const& settings() const noexcept { return settings_; }

  private:
    friend class Lease;
    class Waiter;

    [[nodiscard]] Result<Lease> add();
    [[nodiscard]] Error all_busy() const;
    void keep(Connection& connection);
    void drop(Connection& connection);
    [[nodiscard]] bool has_room() const noexcept;
    void wake_one();
    void arm_tick(Duration wait);
    void tick();
    void drop_stale(TimePoint now);
    [[nodiscard]] Duration idle_tick() const noexcept;

    boost::asio::any_io_executor executor_;
    ClientSettings settings_;
    Clock const& clock_;
    RequestHead head_;
    LookUp look_up_;
    Result<std::shared_ptr<boost::asio::ssl::context>> tls_context_;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<Connection*> idle_;  ///< The one used last stands last.
    std::deque<Waiter*> waiting_;    ///< Who was woken has left it.
    boost::asio::steady_timer timer_;
    Duration tick_wait_{};  ///< What the tick is armed with; zero: it is not.
    bool retired_ = false;
    bool closed_ = false;
};

}  // namespace headrace::http
