#include "ops/control_server.hpp"

#include "ops/control_socket.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <optional>
#include <set>
#include <utility>

namespace headrace::ops {

namespace asio = boost::asio;
using boost::system::error_code;
using stream_protocol = asio::local::stream_protocol;

namespace {

constexpr Duration accept_pause = std::chrono::milliseconds(100);

ControlAnswer refusal(std::string message) {
    return {.is_done = false, .message = std::move(message)};
}

/// One connection: a line in, a line out.
class Session : public std::enable_shared_from_this<Session> {
  public:
    using Ended = std::function<void(std::shared_ptr<Session> const&)>;

    Session(stream_protocol::socket socket, Duration time_limit, Ended ended)
        : socket_(std::move(socket)),
          timer_(socket_.get_executor()),
          time_limit_(time_limit),
          ended_(std::move(ended)) {}

    void begin(ControlHandler const& handler) {
        limit_time();
        asio::async_read_until(
            socket_, asio::dynamic_buffer(line_, control_line_bytes_max), '\n',
            [self = shared_from_this(), &handler](error_code error, std::size_t bytes) {
                self->on_line(error, bytes, handler);
            });
    }
    void answer(ControlAnswer const& answer) {
        if (!ended_ || std::exchange(is_answered_, true)) return;
        limit_time();
        answer_ = write_answer(answer);
        asio::async_write(socket_, asio::buffer(answer_),
                          [self = shared_from_this()](error_code, std::size_t) { self->end(); });
    }
    void end() {
        error_code ignored;
        timer_.cancel();
        socket_.close(ignored);
        if (auto const ended = std::exchange(ended_, {})) ended(shared_from_this());
    }

  private:
    void on_line(error_code error, std::size_t bytes, ControlHandler const& handler) {
        timer_.cancel();
        if (!ended_) return;  // Stopped meanwhile: the handler may be gone.
        if (error == asio::error::not_found) {
            return answer(refusal("the line is longer than " +
                                  std::to_string(control_line_bytes_max) + " bytes"));
        }
        if (error == asio::error::eof && !line_.empty())
            return answer(refusal("the line does not end"));
        if (error) return end();
        if (bytes != line_.size()) return answer(refusal("there is more than one line"));
        auto const request = read_request(std::string_view(line_).substr(0, bytes - 1));
        if (!request) return answer(refusal(request.error().message));
        // The daemon keeps its own limits of time; who hung up meanwhile gets no answer.
        handler(*request, [weak = weak_from_this()](ControlAnswer const& told) {
            if (auto const self = weak.lock()) self->answer(told);
        });
    }
    void limit_time() {
        timer_.expires_after(time_limit_);
        timer_.async_wait([weak = weak_from_this()](error_code error) {
            if (auto const self = weak.lock(); self && !error) self->end();
        });
    }

    stream_protocol::socket socket_;
    asio::steady_timer timer_;
    Duration const time_limit_;
    Ended ended_;
    std::string line_;
    std::string answer_;
    bool is_answered_ = false;
};

}  // namespace

struct ControlServer::Impl : std::enable_shared_from_this<Impl> {
    Impl(asio::any_io_executor given, ControlSettings with, ControlHandler handle)
        : executor(std::move(given)),
          settings(std::move(with)),
          handler(std::move(handle)),
          acceptor(executor),
          pause(executor) {}

    void accept();
    void admit(stream_protocol::socket socket);
    void stop();

    asio::any_io_executor executor;
    ControlSettings settings;
    ControlHandler handler;
    stream_protocol::acceptor acceptor;
    asio::steady_timer pause;
    std::optional<ControlSocket> socket;
    std::set<std::shared_ptr<Session>> sessions;
};

void ControlServer::Impl::accept() {
    acceptor.async_accept(
        [self = shared_from_this()](error_code error, stream_protocol::socket peer) {
            if (!self->acceptor.is_open()) return;
            if (!error) {
                self->admit(std::move(peer));
                return self->accept();
            }
            // Out of file descriptors or the like: the listener stays, and the next try may find
            // some.
            self->pause.expires_after(accept_pause);
            self->pause.async_wait([self](error_code ended) {
                if (!ended && self->acceptor.is_open()) self->accept();
            });
        });
}

void ControlServer::Impl::admit(stream_protocol::socket peer) {
    if (sessions.size() >= settings.connections_max) {
        error_code ignored;
        auto const text = write_answer(refusal(std::to_string(settings.connections_max) +
                                               " control connections are open: try again"));
        peer.non_blocking(true, ignored);
        peer.write_some(asio::buffer(text), ignored);
        return;
    }
    auto const session =
        std::make_shared<Session>(std::move(peer), settings.time_limit,
                                  [weak = weak_from_this()](std::shared_ptr<Session> const& ended) {
                                      if (auto const self = weak.lock())
                                          self->sessions.erase(ended);
                                  });
    sessions.insert(session);
    session->begin(handler);
}

void ControlServer::Impl::stop() {
    error_code ignored;
    socket.reset();
    acceptor.close(ignored);
    pause.cancel();
    for (auto const& session : std::exchange(sessions, {})) {
        session->end();
    }
}

ControlServer::ControlServer(asio::any_io_executor executor, ControlSettings settings,
                             ControlHandler handler)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(settings), std::move(handler))) {}

ControlServer::~ControlServer() {
    stop();
}

Result<void> ControlServer::start() {
    auto listening = ControlSocket::listen(impl_->settings.socket);
    if (!listening) return std::move(listening).error();
    impl_->socket = std::move(*listening);
    error_code error;
    auto const descriptor = impl_->socket->release();
    impl_->acceptor.assign(stream_protocol(), descriptor, error);
    if (error) {
        return Error{ErrorCode::io,
                     "control.socket " + impl_->settings.socket + ": " + error.message()};
    }
    impl_->accept();
    return {};
}

void ControlServer::stop() {
    impl_->stop();
}

std::size_t ControlServer::connections() const noexcept {
    return impl_->sessions.size();
}

}  // namespace headrace::ops
