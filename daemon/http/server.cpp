#include "http/server.hpp"

#include "http/parser_feed.hpp"
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
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace headrace::http {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

constexpr auto wait_for = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t head_bytes_max = 64U << 10;
/// A peer that is refused may still be sending; this much is read away so that it sees the refusal.
constexpr std::size_t discard_bytes_max = 16U << 20;
constexpr std::size_t read_bytes = 64U << 10;
/// Of a head, or of what stands between two chunks.
constexpr std::size_t buffer_bytes_max = 256U << 10;
constexpr Duration accept_pause = std::chrono::milliseconds(100);
/// How long a handler may go on for a client that has closed its side.
constexpr Duration abandoned_max = std::chrono::seconds(10);

using Parser = beast_http::request_parser<beast_http::string_body>;

/// What a connection waits for; each has its own limit of time.
enum class Phase : std::uint8_t {
    idle,       ///< Between requests.
    reading,    ///< A request has begun to arrive.
    handling,   ///< The handler has it.
    abandoned,  ///< The handler has it and the client has closed its side.
    writing,    ///< The answer is on its way.
};

struct Session {
    explicit Session(tcp::socket peer) : socket(std::move(peer)), buffer(buffer_bytes_max) {}

    void enter(Phase next) noexcept {
        phase = next;
        age = Duration::zero();
    }

    tcp::socket socket;
    boost::beast::flat_buffer buffer;
    asio::cancellation_signal cancel;
    Phase phase = Phase::idle;
    Duration age{};  ///< Time in this phase, as the tick counts it.
};

using SessionPtr = std::shared_ptr<Session>;

/// Closes without the wait of TIME_WAIT and without what was unsent: the peer sees a reset.
void reset(tcp::socket& socket) {
    error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
}

bool has_closed(tcp::socket& socket) {
    char byte = 0;
    error_code error;
    socket.non_blocking(true, error);
    auto const count = socket.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
    return error ? error != asio::error::would_block : count == 0;
}

std::optional<ServerResponse> refusal_for(error_code error, std::size_t body_bytes_max) {
    if (error.category() != make_error_code(beast_http::error::bad_method).category()) {
        return std::nullopt;  // The connection broke or ended: nobody hears an answer.
    }
    if (error == beast_http::error::body_limit) {
        return refusal(413, "a request body may have " + std::to_string(body_bytes_max) + " bytes");
    }
    if (error == beast_http::error::header_limit || error == beast_http::error::buffer_overflow) {
        return refusal(431, "a request head may have " + std::to_string(head_bytes_max) + " bytes");
    }
    return refusal(400, "this is not an HTTP/1.1 request");
}

ServerRequest take_request(Parser& parser) {
    auto& message = parser.get();
    ServerRequest request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    for (auto const& field : message) {
        request.headers.emplace_back(field.name_string(), field.value());
    }
    request.body = std::move(message.body());
    return request;
}

asio::awaitable<bool> write_text(SessionPtr session, std::string_view head, std::string_view body) {
    std::array<asio::const_buffer, 2> const pieces{asio::buffer(head), asio::buffer(body)};
    auto const [error, count] = co_await asio::async_write(session->socket, pieces, wait_for);
    co_return !error;
}

/// Lets a peer that may still be sending read the last answer before the connection goes.
asio::awaitable<void> discard_rest(SessionPtr session) {
    error_code ignored;
    session->socket.shutdown(tcp::socket::shutdown_send, ignored);
    session->enter(Phase::reading);
    std::array<char, 4096> scratch{};
    for (std::size_t total = 0; total < discard_bytes_max;) {
        auto const [error, count] =
            co_await session->socket.async_read_some(asio::buffer(scratch), wait_for);
        if (error) co_return;
        total += count;
    }
}

asio::awaitable<bool> write_by_bytes(SessionPtr session, std::string text) {
    for (char const& byte : text) {
        if (!co_await write_text(session, std::string_view(&byte, 1), {})) co_return false;
    }
    co_return true;
}

/// Puts an answer on the wire in its form of delivery; says whether the connection may be used
/// again.
asio::awaitable<bool> deliver(SessionPtr session, ServerResponse response, AnswerForm form) {
    session->enter(Phase::writing);
    if (response.delivery == Delivery::reset) {
        reset(session->socket);
        co_return false;
    }
    auto const head = answer_head(response, form);
    std::string_view body = response.body;
    if (form.head_only || !has_body(response.status)) body = {};
    switch (response.delivery) {
        case Delivery::chunked: {
            if (form.http_1_0 || body.empty()) break;
            auto const chunks = chunked_body(body);
            bool const written = co_await write_text(session, head, chunks);
            co_return written&& form.keep_alive;
        }
        case Delivery::byte_by_byte: {
            bool const written = co_await write_by_bytes(session, head + std::string(body));
            co_return written&& form.keep_alive;
        }
        case Delivery::truncated:
            co_await write_text(session, head, body.substr(0, body.size() / 2));
            co_return false;
        case Delivery::close_after:
            co_await write_text(session, head, body);
            co_return false;
        case Delivery::whole:
        case Delivery::reset:
            break;
    }
    bool const written = co_await write_text(session, head, body);
    co_return written&& form.keep_alive;
}

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
    void age_sessions();
    void cut(SessionPtr const& session);

    static asio::awaitable<void> accept(std::shared_ptr<Impl> self);
    static asio::awaitable<void> count_time(std::shared_ptr<Impl> self);
    static asio::awaitable<void> serve(std::shared_ptr<Impl> self, SessionPtr session);
    asio::awaitable<error_code> read_request(SessionPtr session, Parser& parser) const;
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
    error_code ignored;
    session->socket.close(ignored);
    session->cancel.emit(asio::cancellation_type::terminal);
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
            continue;
        }
        // Out of file descriptors or the like: the listener stays, and the next try may find some.
        pause.expires_after(accept_pause);
        co_await pause.async_wait(wait_for);
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
    socket.set_option(tcp::no_delay(true), ignored);
    auto const session = std::make_shared<Session>(std::move(socket));
    sessions.insert(session);
    auto ended = [self = shared_from_this(), session](std::exception_ptr) {
        error_code unimportant;
        session->socket.close(unimportant);
        self->sessions.erase(session);
    };
    asio::co_spawn(executor, serve(shared_from_this(), session),
                   asio::bind_cancellation_slot(session->cancel.slot(), std::move(ended)));
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
        session->age += tick_every;
        error_code ignored;
        if (session->phase == Phase::handling) {
            if (has_closed(session->socket)) session->enter(Phase::abandoned);
        } else if (session->phase == Phase::abandoned) {
            if (session->age < abandoned_max) continue;
            cut(session);
        } else if (session->age >= settings.idle_timeout) {
            session->socket.close(ignored);
        }
    }
}

asio::awaitable<error_code> Server::Impl::read_request(SessionPtr session, Parser& parser) const {
    auto& buffer = session->buffer;
    parser.eager(true);
    parser.header_limit(head_bytes_max);
    parser.body_limit(settings.body_bytes_max);
    bool awaits_continue = true;
    session->enter(buffer.size() == 0 ? Phase::idle : Phase::reading);
    while (true) {
        error_code error = beast_http::error::need_more;
        if (buffer.size() != 0) buffer.consume(feed(parser, buffer.data(), error));
        if (parser.is_done() || (error && error != beast_http::error::need_more)) co_return error;
        if (parser.is_header_done() && std::exchange(awaits_continue, false) &&
            boost::beast::iequals(parser.get()[beast_http::field::expect], "100-continue") &&
            !co_await write_text(session, "HTTP/1.1 100 Continue\r\n\r\n", {})) {
            co_return asio::error::broken_pipe;
        }
        if (buffer.size() > buffer_bytes_max - read_bytes) {
            co_return beast_http::error::buffer_overflow;
        }
        std::size_t count = 0;
        std::tie(error, count) =
            co_await session->socket.async_read_some(buffer.prepare(read_bytes), wait_for);
        if (error) co_return error;
        buffer.commit(count);
        if (session->phase == Phase::idle) session->enter(Phase::reading);
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
        Parser parser;
        auto const error = co_await self->read_request(session, parser);
        if (error) {
            auto response = refusal_for(error, self->settings.body_bytes_max);
            if (!response) co_return;
            AnswerForm const last{.keep_alive = false};
            co_await deliver(session, std::move(*response), last);
            co_await discard_rest(session);
            co_return;
        }
        auto request = take_request(parser);
        AnswerForm const form{.http_1_0 = parser.get().version() < 11,
                              .keep_alive = parser.keep_alive(),
                              .head_only = request.method == "HEAD"};
        auto response = co_await self->answer(session, request);
        if (self->stopped || !session->socket.is_open()) co_return;
        if (!co_await deliver(session, std::move(response), form)) co_return;
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
    error_code ignored;
    for (auto const& session : open) {
        if (session->phase == Phase::idle) session->socket.close(ignored);
    }
}

}  // namespace headrace::http
