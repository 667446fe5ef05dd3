#include "http/connection.hpp"

#include "http/tls.hpp"
#include "http/url.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cassert>
#include <chrono>
#include <span>

namespace headrace::http {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

constexpr auto wait_for = asio::as_tuple(asio::use_awaitable);
/// A TLS record holds this much; a smaller body is sent in one record with its head.
constexpr std::size_t tls_record_bytes = 16U << 10;
/// Asio sends this much at once, and the pieces of a larger body in one call each.
constexpr std::size_t sent_at_once_max = 64U << 10;
/// As many as Asio hands to one system call.
constexpr std::size_t pieces_at_once_max = 64;

bool is_end(error_code error) noexcept {
    return error == asio::error::eof || error == ssl::error::stream_truncated;
}

std::string milliseconds(Duration duration) {
    using std::chrono::duration_cast;
    return std::to_string(duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

/// What a proxy refuses for good is the configuration's fault, or the proxy's; else it may pass.
ErrorCode code_of_refused_tunnel(int status) noexcept {
    bool const may_pass = status >= 500 || status == 408 || status == 425 || status == 429;
    return may_pass ? ErrorCode::connection : ErrorCode::permission;
}

std::string text(tcp::endpoint const& endpoint) {
    auto const address = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" +
           std::to_string(endpoint.port());
}

/// The system's words, and the limit to raise where there is one.
std::string reason(error_code error) {
    return error.message() + (error == asio::error::no_descriptors
                                  ? "; raise the limit of open files (LimitNOFILE, ulimit -n)"
                                  : "");
}

}  // namespace

Connection::Connection(asio::any_io_executor const& executor, ConnectionParts parts,
                       std::shared_ptr<ssl::context> tls_context)
    : parts_(parts),
      socket_(executor),
      tls_context_(std::move(tls_context)),
      wake_(std::make_shared<asio::steady_timer>(executor)),
      reader_(parts.settings.response_bytes_max) {}

Url const& Connection::first_hop() const noexcept {
    return parts_.settings.proxy.host.empty() ? parts_.settings.url : parts_.settings.proxy;
}

void Connection::arm(TimePoint deadline) noexcept {
    deadline_ = deadline;
    expired_ = false;
}

void Connection::check_deadline(TimePoint now) {
    if (now < deadline_) return;
    deadline_ = TimePoint::max();
    expired_ = true;
    error_code ignored;
    // Closed, not just cancelled: the next address opens it again, everyone else gives it up.
    socket_.close(ignored);
    wake_->cancel();
}

void Connection::close() {
    closed_ = true;
    error_code ignored;
    socket_.close(ignored);
    wake_->cancel();
}

bool Connection::is_reusable() {
    if (closed_ || !socket_.is_open() || !reader_.is_reusable()) return false;
    // A second answer may stand in memory already: the next request may not take it for its own.
    return !tls_ || !has_unread(tls_->native_handle());
}

bool Connection::is_quiet() {
    char byte = 0;
    error_code error;
    socket_.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
    return error == asio::error::would_block;
}

Error Connection::connect_timed_out() const {
    return Error{ErrorCode::timeout,
                 "no connection to " + host_and_port(parts_.settings.url) + " within " +
                     milliseconds(parts_.settings.connect_timeout) +
                     " (http.connect_timeout_secs), while " + std::string(opening_)};
}

asio::awaitable<Result<void>> Connection::open() {
    open_deadline_ = parts_.clock.now() + parts_.settings.connect_timeout;
    arm(open_deadline_);
    auto opened = co_await open_within_deadline();
    bool const too_late = expired_;
    arm(TimePoint::max());
    if (!opened && closed_) {
        co_return Error{ErrorCode::connection, "the client was closed while it was connecting"};
    }
    if (!opened && too_late) co_return connect_timed_out();
    open_ = opened.has_value();
    co_return opened;
}

asio::awaitable<Result<void>> Connection::open_within_deadline() {
    auto const& hop = first_hop();
    opening_ = "looking up the name";
    auto const answer = parts_.look_up.ask(wake_);
    while (!answer->done) {
        if (expired_ || closed_) co_return connect_timed_out();
        wake_->expires_at(asio::steady_timer::time_point::max());
        co_await wake_->async_wait(wait_for);
    }
    if (answer->error || answer->endpoints.empty()) {
        co_return Error{ErrorCode::connection, "the name " + hop.host + " cannot be looked up: " +
                                                   answer->error.message() +
                                                   "; check the address and DNS"};
    }
    auto connected = co_await connect_to_any(*answer);
    if (!connected) co_return connected;
    if (!parts_.connect_request.empty()) {
        auto tunnel = co_await open_tunnel();
        if (!tunnel) co_return tunnel;
    }
    if (parts_.settings.url.tls) co_return co_await shake_hands();
    co_return Result<void>{};
}

asio::awaitable<Result<void>> Connection::connect_to_any(LookUp::Answer const& answer) {
    opening_ = "connecting";
    error_code error;
    std::string tried;
    for (std::size_t at = 0; at < answer.endpoints.size() && !closed_; ++at) {
        auto const& endpoint = answer.endpoints[at];
        // A silent address may not use up the time of those after it.
        auto const left = static_cast<Duration::rep>(answer.endpoints.size() - at);
        auto const now = parts_.clock.now();
        if (now >= open_deadline_) break;
        arm(now + (open_deadline_ - now) / left);
        error_code ignored;
        socket_.close(ignored);
        std::tie(error) = co_await socket_.async_connect(endpoint, wait_for);
        if (!error) {
            arm(open_deadline_);
            socket_.set_option(tcp::no_delay(true), ignored);
            // For is_quiet(), which must not wait.
            socket_.non_blocking(true, ignored);
            co_return Result<void>{};
        }
        tried += (tried.empty() ? "" : ", ") + text(endpoint) + ": " +
                 (expired_ ? "no answer" : reason(error));
    }
    // Whether time has passed for the last address or for all is the same by now.
    co_return Error{ErrorCode::connection,
                    "no connection to " + host_and_port(first_hop()) + " (" + tried + ")"};
}

asio::awaitable<Result<void>> Connection::open_tunnel() {
    opening_ = "waiting for the proxy's CONNECT";
    auto const peer = host_and_port(parts_.settings.url);
    auto const proxy = host_and_port(parts_.settings.proxy);
    Response response;
    reader_.begin(response, true);
    auto const [send_error, sent] =
        co_await asio::async_write(socket_, asio::buffer(parts_.connect_request), wait_for);
    auto read = co_await read_answer(send_error);
    if (!read) co_return read.error().with_prefix("proxy " + proxy + ": ");
    if (response.status / 100 != 2) {
        co_return Error{code_of_refused_tunnel(response.status),
                        "proxy " + proxy + " refused CONNECT to " + peer + " with status " +
                            std::to_string(response.status) +
                            ": check http.proxy, its credentials and what it may reach"};
    }
    if (reader_.has_rest()) {
        // TLS begins with our word: whatever came before it is not the destination's.
        co_return Error{ErrorCode::bad_response,
                        "proxy " + proxy + " sent bytes of its own after its answer to CONNECT"};
    }
    co_return Result<void>{};
}

asio::awaitable<Result<void>> Connection::shake_hands() {
    opening_ = "in the TLS handshake";
    auto const& settings = parts_.settings;
    tls_.emplace(socket_, *tls_context_);
    auto expected = expect_peer(tls_->native_handle(), settings.url.host, settings.tls.verify);
    if (!expected) co_return expected;
    auto const [error] = co_await tls_->async_handshake(ssl::stream_base::client, wait_for);
    if (error) co_return tls_error(tls_->native_handle(), error, host_and_port(settings.url));
    co_return Result<void>{};
}

asio::awaitable<Result<void>> Connection::exchange(Request const& request, Response& response) {
    reader_.begin(response);
    arm(parts_.clock.now() + parts_.settings.request_timeout);
    auto const [send_error, sent] = co_await send(request);
    auto read = co_await read_answer(send_error);
    bool const too_late = expired_;
    arm(TimePoint::max());
    if (send_error) {
        // The rest of this request would be taken for the beginning of the next.
        error_code ignored;
        socket_.close(ignored);
    }
    if (read || !too_late) co_return read;
    co_return Error{ErrorCode::timeout,
                    "no whole answer from " + host_and_port(parts_.settings.url) + " within " +
                        milliseconds(parts_.settings.request_timeout) + " (http.timeout_secs)"};
}

asio::awaitable<Connection::IoResult> Connection::send(Request const& request) {
    auto body = request.body;
    if (!tls_) {
        if (!request.splices.empty() || body.size() > sent_at_once_max)
            co_return co_await send_in_pieces(request);
        std::array<asio::const_buffer, 2> const pieces{asio::buffer(head_), asio::buffer(body)};
        co_return co_await asio::async_write(socket_, pieces, wait_for);
    }
    assert(request.splices.empty());
    // TLS makes a record, and a send, of each buffer: what fits into one record goes as one.
    if (head_.size() + body.size() <= tls_record_bytes) {
        head_.append(body);
        body = {};
    }
    std::array<asio::const_buffer, 2> const pieces{asio::buffer(head_), asio::buffer(body)};
    co_return co_await asio::async_write(*tls_, pieces, wait_for);
}

/// Between two waits the pieces are asked for anew: where spliced bytes stand may have changed.
asio::awaitable<Connection::IoResult> Connection::send_in_pieces(Request const& request) {
    Unsent unsent(head_, request.body, request.splices);
    while (!unsent.is_empty()) {
        error_code error;
        unsent.take(write_some(unsent, error));
        if (error == asio::error::would_block) {
            std::tie(error) = co_await socket_.async_wait(tcp::socket::wait_write, wait_for);
        }
        if (error) co_return IoResult{error, 0};
    }
    co_return IoResult{};
}

std::size_t Connection::write_some(Unsent const& unsent, error_code& error) {
    std::array<std::string_view, pieces_at_once_max> pieces;
    std::array<asio::const_buffer, pieces_at_once_max> buffers;
    auto const count = unsent.pieces(pieces);
    for (std::size_t i = 0; i != count; ++i)
        buffers[i] = asio::buffer(pieces[i]);
    return socket_.write_some(std::span(buffers).first(count), error);
}

asio::awaitable<Connection::IoResult> Connection::receive() {
    auto const space = reader_.space();
    auto const buffer = asio::buffer(space.data(), space.size());
    if (tls_) co_return co_await tls_->async_read_some(buffer, wait_for);
    co_return co_await socket_.async_read_some(buffer, wait_for);
}

asio::awaitable<Result<void>> Connection::read_answer(error_code send_error) {
    // Even if sending failed: a peer may refuse a request, and say so, before it has read it all.
    while (true) {
        auto const [error, count] = co_await receive();
        if (error) {
            if (is_end(error) && reader_.has_begun()) co_return end_answer(error);
            co_return broken(send_error && is_end(error) ? send_error : error);
        }
        auto progress = reader_.commit(count);
        if (!progress) co_return progress.error().with_prefix(peer_prefix());
        if (*progress == Progress::done) co_return Result<void>{};
    }
}

Result<void> Connection::end_answer(error_code end) {
    auto ended = reader_.close();
    // Without TLS's own goodbye anyone on the way may have cut the answer short.
    bool const was_cut = end == ssl::error::stream_truncated;
    if (ended && !was_cut) return {};
    if (ended) {
        return Error{ErrorCode::connection,
                     peer_prefix() + "TLS ended without notice in the middle of an answer"};
    }
    return ended.error().with_prefix(peer_prefix());
}

std::string Connection::peer_prefix() const {
    return host_and_port(parts_.settings.url) + ": ";
}

Error Connection::broken(error_code error) {
    auto const peer = host_and_port(parts_.settings.url);
    if (tls_ && error.category() == asio::error::get_ssl_category()) {
        return tls_error(tls_->native_handle(), error, peer);
    }
    if (is_end(error)) {
        return Error{ErrorCode::connection, peer + " closed the connection before it answered"};
    }
    return Error{ErrorCode::connection, "the connection to " + peer + " broke " +
                                            (reader_.has_begun() ? "in the middle of an answer: "
                                                                 : "before an answer came: ") +
                                            error.message()};
}

}  // namespace headrace::http
