#include "http/server_session.hpp"

#include "http/parser_feed.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <cstring>
#include <string>
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
constexpr std::size_t buffer_bytes_first = 16U << 10;
/// Of a head, or of what stands between two chunks.
constexpr std::size_t buffer_bytes_max = 256U << 10;

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

}  // namespace

class Session::Parser : public beast_http::request_parser<beast_http::string_body> {
  public:
    explicit Parser(std::size_t body_bytes_max) {
        eager(true);
        header_limit(head_bytes_max);
        body_limit(body_bytes_max);
    }

    /// Whether the client holds its body back until it is told to go on.
    [[nodiscard]] bool awaits_continue() const {
        return boost::beast::iequals(get()[beast_http::field::expect], "100-continue");
    }

    [[nodiscard]] Incoming take() {
        auto& message = get();
        Incoming incoming;
        incoming.request.method = std::string(message.method_string());
        incoming.request.target = std::string(message.target());
        for (auto const& field : message) {
            incoming.request.headers.emplace_back(field.name_string(), field.value());
        }
        incoming.request.body = std::move(message.body());
        incoming.form = {.http_1_0 = message.version() < 11,
                         .keep_alive = keep_alive(),
                         .head_only = incoming.request.method == "HEAD"};
        return incoming;
    }
};

Session::Session(tcp::socket socket, ServerSettings const& settings)
    : socket_(std::move(socket)), settings_(settings), buffer_(buffer_bytes_first) {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    // For peer_has_closed(), which must not wait.
    socket_.non_blocking(true, ignored);
}

asio::awaitable<std::optional<Incoming>> Session::read() {
    auto const self = shared_from_this();
    Parser parser(settings_.body_bytes_max);
    auto const error = co_await read_into(parser);
    if (!error) co_return parser.take();
    auto response = refusal_for(error, settings_.body_bytes_max);
    if (response) co_await refuse(std::move(*response));
    co_return std::nullopt;
}

asio::awaitable<error_code> Session::read_into(Parser& parser) {
    bool may_await_continue = true;
    enter(filled_ == 0 ? Phase::idle : Phase::reading);
    while (true) {
        error_code error = beast_http::error::need_more;
        if (filled_ != 0) consume(feed(parser, asio::buffer(buffer_.data(), filled_), error));
        if (parser.is_done() || (error && error != beast_http::error::need_more)) co_return error;
        if (parser.is_header_done() && std::exchange(may_await_continue, false) &&
            parser.awaits_continue()) {
            bool const told = co_await write("HTTP/1.1 100 Continue\r\n\r\n", {});
            if (!told) co_return asio::error::broken_pipe;
        }
        if (filled_ == buffer_.size()) {
            if (filled_ >= buffer_bytes_max) co_return beast_http::error::buffer_overflow;
            buffer_.resize(2 * filled_);
        }
        std::size_t count = 0;
        auto const space = asio::buffer(buffer_.data() + filled_, buffer_.size() - filled_);
        std::tie(error, count) = co_await socket_.async_read_some(space, wait_for);
        if (error) co_return error;
        filled_ += count;
        if (phase_ == Phase::idle) enter(Phase::reading);
    }
}

void Session::consume(std::size_t count) {
    if (count != 0 && count < filled_) {
        std::memmove(buffer_.data(), buffer_.data() + count, filled_ - count);
    }
    filled_ -= count;
}

/// Sends the last answer and lets a peer that may still be sending read it before the connection
/// goes.
asio::awaitable<void> Session::refuse(ServerResponse response) {
    AnswerForm const last{.keep_alive = false};
    co_await deliver(std::move(response), last);
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    enter(Phase::reading);
    for (std::size_t total = 0; total < discard_bytes_max;) {
        auto const [error, count] =
            co_await socket_.async_read_some(asio::buffer(buffer_), wait_for);
        if (error) co_return;
        total += count;
    }
}

asio::awaitable<bool> Session::deliver(ServerResponse response, AnswerForm form) {
    auto const self = shared_from_this();
    enter(Phase::writing);
    if (response.delivery == Delivery::reset) {
        // Without waiting for what is unsent: the peer sees a reset.
        error_code ignored;
        socket_.set_option(asio::socket_base::linger(true, 0), ignored);
        close();
        co_return false;
    }
    auto const head = answer_head(response, form);
    std::string_view body = response.body;
    if (form.head_only || !has_body(response.status)) body = {};
    bool written = false;
    if (response.delivery == Delivery::chunked && !form.http_1_0 && !form.head_only &&
        has_body(response.status)) {
        auto const chunks = chunked_body(body);
        written = co_await write(head, chunks);
    } else if (response.delivery == Delivery::byte_by_byte) {
        written = co_await write_by_bytes(head + std::string(body));
    } else if (response.delivery == Delivery::truncated) {
        co_await write(head, body.substr(0, body.size() / 2));
    } else {
        written = co_await write(head, body);
    }
    co_return written&& form.keep_alive&& response.delivery != Delivery::close_after;
}

asio::awaitable<bool> Session::write(std::string_view head, std::string_view body) {
    std::array<asio::const_buffer, 2> const pieces{asio::buffer(head), asio::buffer(body)};
    auto const [error, count] = co_await asio::async_write(socket_, pieces, wait_for);
    co_return !error;
}

asio::awaitable<bool> Session::write_by_bytes(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        bool const written = co_await write(text.substr(at, 1), {});
        if (!written) co_return false;
    }
    co_return true;
}

void Session::enter(Phase phase) noexcept {
    phase_ = phase;
    age_ = Duration::zero();
}

bool Session::is_overdue(Duration passed) {
    age_ += passed;
    switch (phase_) {
        case Phase::handling:
            if (peer_has_closed()) enter(Phase::abandoned);
            return false;
        case Phase::abandoned:
            return age_ >= settings_.abandoned_timeout;
        case Phase::idle:
        case Phase::reading:
        case Phase::writing:
            break;
    }
    return age_ >= settings_.idle_timeout;
}

bool Session::peer_has_closed() {
    char byte = 0;
    error_code error;
    auto const count = socket_.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
    return error ? error != asio::error::would_block : count == 0;
}

void Session::close() {
    error_code ignored;
    socket_.close(ignored);
}

}  // namespace headrace::http
