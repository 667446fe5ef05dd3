#include "http/connection_pool.hpp"

#include "http/tls.hpp"
#include "http/url.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace headrace::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr auto wait_for = asio::as_tuple(asio::use_awaitable);
/// How exact deadlines are: one timer for all, so that no request pays for a timer of its own.
constexpr Duration busy_tick = std::chrono::milliseconds(50);
constexpr Duration idle_tick_max = std::chrono::seconds(1);

Result<std::shared_ptr<asio::ssl::context>> load(ClientSettings const& settings) {
    if (settings.url.tls) return make_tls_context(settings.tls);
    return std::shared_ptr<asio::ssl::context>();
}

}  // namespace

/// A place in the queue for a connection, left when its coroutine ends in whatever way.
class ConnectionPool::Waiter {
  public:
    Waiter(ConnectionPool& pool, Duration limit) : pool_(pool), timer_(pool.executor_) {
        timer_.expires_after(limit);
    }
    ~Waiter() {
        std::erase(pool_.waiting_, this);
        // Whoever was woken and did not need it passes it on.
        if (pool_.has_room()) pool_.wake_one();
    }
    Waiter(Waiter const&) = delete;
    Waiter& operator=(Waiter const&) = delete;

    /// Waits for wake() or the limit; says whether the limit has not passed.
    asio::awaitable<bool> wait() {
        if (was_queued_) {
            pool_.waiting_.push_front(this);
        } else {
            pool_.waiting_.push_back(this);
        }
        was_queued_ = true;
        auto const [error] = co_await timer_.async_wait(wait_for);
        std::erase(pool_.waiting_, this);
        co_return static_cast<bool>(error);
    }
    void wake() { timer_.cancel(); }

  private:
    ConnectionPool& pool_;
    asio::steady_timer timer_;
    bool was_queued_ = false;  ///< Then its turn stands at the front.
};

Lease::~Lease() {
    if (connection_ != nullptr) pool_->drop(*connection_);
}

void Lease::give_back() {
    assert(connection_ != nullptr);
    auto& connection = *std::exchange(connection_, nullptr);
    pool_->keep(connection);
}

ConnectionPool::ConnectionPool(asio::any_io_executor executor, ClientSettings settings,
                               Clock const& clock)
    : executor_(std::move(executor)),
      settings_(std::move(settings)),
      clock_(clock),
      head_(settings_),
      look_up_(executor_, settings_.proxy.host.empty() ? settings_.url.host : settings_.proxy.host,
               settings_.proxy.host.empty() ? settings_.url.port : settings_.proxy.port),
      tls_context_(load(settings_)),
      timer_(executor_) {}

Lease ConnectionPool::take_idle() {
    auto const now = clock_.now();
    while (!idle_.empty()) {
        auto& connection = *idle_.back();
        idle_.pop_back();
        auto const idle_for = now - connection.idle_since;
        // The look costs a system call; without it an answer that nobody asked for would be taken
        // for the next request's.
        if (idle_for < settings_.idle_timeout && connection.is_quiet()) {
            if (tick_wait_ != busy_tick) arm_tick(busy_tick);
            return Lease(shared_from_this(), &connection);
        }
        drop(connection);
    }
    return {};
}

asio::awaitable<Result<Lease>> ConnectionPool::acquire(bool fresh) {
    std::optional<Waiter> waiter;
    while (!closed_) {
        if (!fresh) {
            if (auto kept = take_idle()) co_return kept;
        }
        if (connections_.size() < settings_.connections_max) co_return add();
        if (!idle_.empty()) {
            // The one idle for longest makes room for a fresh one.
            auto& oldest = *idle_.front();
            idle_.erase(idle_.begin());
            drop(oldest);
            continue;
        }
        if (!waiter) waiter.emplace(*this, settings_.connect_timeout);
        bool const in_time = co_await waiter->wait();
        if (!in_time) co_return all_busy();
    }
    co_return Error{ErrorCode::connection, "the client was closed"};
}

Error ConnectionPool::all_busy() const {
    return Error{ErrorCode::timeout, "none of the " + std::to_string(settings_.connections_max) +
                                         " connections to " + host_and_port(settings_.url) +
                                         " became free within http.connect_timeout_secs"};
}

Result<Lease> ConnectionPool::add() {
    if (!tls_context_) return tls_context_.error();
    auto connection = std::make_unique<Connection>(
        executor_, ConnectionParts{settings_, clock_, look_up_, head_.connect()}, *tls_context_);
    connection->index = connections_.size();
    connections_.push_back(std::move(connection));
    if (tick_wait_ != busy_tick) arm_tick(busy_tick);
    return Lease(shared_from_this(), connections_.back().get());
}

void ConnectionPool::keep(Connection& connection) {
    if (closed_ || retired_ || !connection.is_reusable()) {
        drop(connection);
        return;
    }
    connection.idle_since = clock_.now();
    idle_.push_back(&connection);
    wake_one();
}

void ConnectionPool::drop(Connection& connection) {
    auto const index = connection.index;
    assert(connections_[index].get() == &connection);
    connection.close();
    std::swap(connections_[index], connections_.back());
    connections_[index]->index = index;
    connections_.pop_back();
    wake_one();
}

bool ConnectionPool::has_room() const noexcept {
    return !idle_.empty() || connections_.size() < settings_.connections_max;
}

void ConnectionPool::wake_one() {
    if (waiting_.empty()) return;
    // Out of the queue at once, so that the next one to be woken is another.
    auto* const first = waiting_.front();
    waiting_.pop_front();
    first->wake();
}

Result<void> ConnectionPool::check() const {
    if (!tls_context_) return tls_context_.error();
    return {};
}

void ConnectionPool::retire() {
    retired_ = true;
    drop_idle();
}

void ConnectionPool::drop_idle() {
    for (auto* const connection : std::exchange(idle_, {}))
        drop(*connection);
}

void ConnectionPool::close() {
    closed_ = true;
    drop_idle();
    for (auto const& connection : connections_)
        connection->close();
    while (!waiting_.empty())
        wake_one();
    look_up_.cancel();
    timer_.cancel();
}

Duration ConnectionPool::idle_tick() const noexcept {
    return std::clamp<Duration>(settings_.idle_timeout / 4, busy_tick, idle_tick_max);
}

void ConnectionPool::arm_tick(Duration wait) {
    tick_wait_ = wait;
    timer_.expires_after(wait);
    timer_.async_wait([weak = weak_from_this()](error_code error) {
        auto const pool = weak.lock();
        if (!error && pool && !pool->closed_) pool->tick();
    });
}

void ConnectionPool::tick() {
    auto const now = clock_.now();
    for (auto const& connection : connections_)
        connection->check_deadline(now);
    drop_stale(now);
    tick_wait_ = {};
    if (connections_.empty()) return;
    arm_tick(connections_.size() > idle_.size() ? busy_tick : idle_tick());
}

void ConnectionPool::drop_stale(TimePoint now) {
    std::vector<Connection*> stale;
    std::erase_if(idle_, [&](Connection* connection) {
        bool const fresh = now - connection->idle_since < settings_.idle_timeout;
        if (fresh && connection->is_quiet()) return false;
        stale.push_back(connection);
        return true;
    });
    for (auto* const connection : stale)
        drop(*connection);
}

}  // namespace headrace::http
