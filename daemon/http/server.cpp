#include "http/server.hpp"

#include "http/server_session.hpp"
#include "http/server_wire.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <set>
#include <utility>

namespace headrace::http {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

constexpr auto wait_for = asio::as_tuple(asio::use_awaitable);
constexpr Duration accept_pause = std::chrono::milliseconds(100);
constexpr unsigned accepted_at_once_max = 64;

using SessionPtr = std::shared_ptr<Session>;

}  // namespace

struct Server::Impl : std::enable_shared_from_this<Impl> {
    Impl(asio::any_io_executor executor_given, ServerSettings settings_given, Handler handler_given)
        : executor(std::move(executor_given)),
          settings(std::move(settings_given)),
          handler(std::move(handler_given)),
          acceptor(executor),
          tick(executor),
          tick_every(std::clamp<Duration>(settings.idle_timeout / 4, std::chrono::milliseconds(5),
                                          std::chrono::milliseconds(250))) {}

    Result<void> listen();
    void begin();
    void stop();
    void admit(tcp::socket socket);
    void admit_waiting();
    void age_sessions();
    void cut(SessionPtr const& session);

    static asio::awaitable<void> accept(std::shared_ptr<Impl> self);
    static asio::awaitable<void> count_time(std::shared_ptr<Impl> self);
    static asio::awaitable<void> serve(std::shared_ptr<Impl> self, SessionPtr session);
    asio::awaitable<ServerResponse> answer(SessionPtr session, ServerRequest& request) const;

    asio::any_io_executor executor;
    ServerSettings settings;
    Handler handler;
    tcp::acceptor acceptor;
    asio::steady_timer tick;
    Duration tick_every;
    std::uint16_t port = 0;
    bool stopped = false;
    std::set<SessionPtr> sessions;
};

Result<void> Server::Impl::listen() {
    auto const where = settings.address + ":" + std::to_string(settings.port);
    error_code error;
    std::string const host = settings.address == "localhost" ? "127.0.0.1" : settings.address;
    auto const address = asio::ip::make_address(host, error);
    if (error) {
        return Error{ErrorCode::invalid_config, "cannot listen on " + where +
                                                    ": give an IP address and a port, such as " +
                                                    "127.0.0.1:9464"};
    }
    auto const failed = [&](std::string_view step) {
        std::string cause = error.message();
        if (error == asio::error::address_in_use) {
            cause = "port " + std::to_string(settings.port) + " is in use by another process";
        }
        auto const code =
            error == asio::error::access_denied ? ErrorCode::permission : ErrorCode::io;
        return Error{code, "cannot listen on " + where + " (" + std::string(step) + "): " + cause};
    };
    tcp::endpoint const endpoint(address, settings.port);
    acceptor.open(endpoint.protocol(), error);
    if (error) return failed("socket");
    acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (error) return failed("reuse address");
    acceptor.bind(endpoint, error);
    if (error) return failed("bind");
    acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return failed("listen");
    acceptor.non_blocking(true, error);
    if (error) return failed("non-blocking");
    port = acceptor.local_endpoint(error).port();
    return {};
}

void Server::Impl::begin() {
    auto const ended = [](std::exception_ptr) {};
    asio::co_spawn(executor, accept(shared_from_this()), ended);
    asio::co_spawn(executor, count_time(shared_from_this()), ended);
}

void Server::Impl::stop() {
    stopped = true;
    error_code ignored;
    acceptor.close(ignored);
    tick.cancel();
    // A cancelled session may leave the set at once, so walk a copy.
    auto const open = sessions;
    for (auto const& session : open)
        cut(session);
}

void Server::Impl::cut(SessionPtr const& session) {
    session->close();
    session->cancel().emit(asio::cancellation_type::terminal);
    // Asio hands the cancellation on by a posted function that points into the session.
    asio::post(executor, [session] {});
}

asio::awaitable<void> Server::Impl::accept(std::shared_ptr<Impl> self) {
    asio::steady_timer pause(self->executor);
    while (!self->stopped) {
        auto [error, socket] = co_await self->acceptor.async_accept(wait_for);
        if (self->stopped) co_return;
        if (!error) {
            self->admit(std::move(socket));
            self->admit_waiting();
            continue;
        }
        // Out of file descriptors or the like: the listener stays, and the next try may find some.
        pause.expires_after(accept_pause);
        co_await pause.async_wait(wait_for);
    }
}

/// Takes what else has connected: one connection per turn of a busy loop would keep the last of
/// many waiting for longer than a client's patience.
void Server::Impl::admit_waiting() {
    for (unsigned taken = 0; taken != accepted_at_once_max; ++taken) {
        error_code error;
        auto socket = acceptor.accept(executor, error);
        if (error) return;
        admit(std::move(socket));
    }
}

void Server::Impl::admit(tcp::socket socket) {
    error_code ignored;
    if (sessions.size() >= settings.connections_max) {
        auto const busy = refusal(503, "too many connections");
        auto const text = answer_head(busy, {.keep_alive = false}) + busy.body;
        socket.non_blocking(true, ignored);
        socket.write_some(asio::buffer(text), ignored);
        socket.close(ignored);
        return;
    }
    auto const session = std::make_shared<Session>(std::move(socket), settings);
    sessions.insert(session);
    auto ended = [self = shared_from_this(), session](std::exception_ptr) {
        session->close();
        self->sessions.erase(session);
    };
    asio::co_spawn(executor, serve(shared_from_this(), session),
                   asio::bind_cancellation_slot(session->cancel().slot(), std::move(ended)));
}

asio::awaitable<void> Server::Impl::count_time(std::shared_ptr<Impl> self) {
    while (!self->stopped) {
        self->tick.expires_after(self->tick_every);
        co_await self->tick.async_wait(wait_for);
        if (!self->stopped) self->age_sessions();
    }
}

void Server::Impl::age_sessions() {
    auto const open = sessions;
    for (auto const& session : open) {
        if (session->is_overdue(tick_every)) cut(session);
    }
}

asio::awaitable<ServerResponse> Server::Impl::answer(SessionPtr session,
                                                     ServerRequest& request) const {
    session->enter(Phase::handling);
    try {
        auto response = co_await handler(request);
        if (is_sendable(response)) co_return response;
    } catch (std::exception const&) {
        // Whoever asks learns only that it failed: the cause may hold what is not theirs.
    }
    co_return refusal(500, "internal error");
}

asio::awaitable<void> Server::Impl::serve(std::shared_ptr<Impl> self, SessionPtr session) {
    while (!self->stopped) {
        auto incoming = co_await session->read();
        if (!incoming) co_return;
        auto response = co_await self->answer(session, incoming->request);
        if (self->stopped || !session->is_open()) co_return;
        bool const goes_on = co_await session->deliver(std::move(response), incoming->form);
        if (!goes_on) co_return;
    }
}

Server::Server(asio::any_io_executor executor, ServerSettings settings, Handler handler)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(settings), std::move(handler))) {}

Server::~Server() {
    stop();
}

Result<void> Server::start() {
    auto listening = impl_->listen();
    if (listening) impl_->begin();
    return listening;
}

std::uint16_t Server::port() const noexcept {
    return impl_->port;
}

std::size_t Server::connections() const noexcept {
    return impl_->sessions.size();
}

void Server::stop() {
    impl_->stop();
}

void Server::close_idle() {
    auto const open = impl_->sessions;
    for (auto const& session : open) {
        if (session->is_idle()) session->close();
    }
}

}  // namespace headrace::http
