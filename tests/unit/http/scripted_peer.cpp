#include "scripted_peer.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <poll.h>
#include <set>
#include <string_view>
#include <sys/socket.h>
#include <utility>

namespace headrace::http::testing {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

constexpr auto wait_for = asio::as_tuple(asio::use_awaitable);

std::size_t content_length(std::string_view head) {
    constexpr std::string_view name = "\r\nContent-Length: ";
    auto const at = head.find(name);
    std::size_t length = 0;
    if (at != std::string_view::npos) {
        auto const* const begin = head.data() + at + name.size();
        std::from_chars(begin, head.data() + head.size(), length);
    }
    return length;
}

}  // namespace

struct ScriptedPeer::Impl {
    using Stream = asio::ssl::stream<tcp::socket&>;

    Impl(asio::io_context& io, PeerScript script_given, std::shared_ptr<Seen> seen_given)
        : acceptor(io,
                   tcp::endpoint(asio::ip::make_address(script_given.address), script_given.port)),
          script(std::move(script_given)),
          seen(std::move(seen_given)) {}

    static asio::awaitable<void> accept(std::shared_ptr<Impl> self);
    static asio::awaitable<void> serve(std::shared_ptr<Impl> self,
                                       std::shared_ptr<tcp::socket> socket, std::size_t number);
    template <class S>
    static asio::awaitable<bool> reply(std::shared_ptr<Impl> self, S& stream, tcp::socket& socket,
                                       Reply what);

    tcp::acceptor acceptor;
    PeerScript script;
    std::shared_ptr<Seen> seen;
    std::set<std::shared_ptr<tcp::socket>> open;
};

asio::awaitable<void> ScriptedPeer::Impl::accept(std::shared_ptr<Impl> self) {
    while (self->acceptor.is_open()) {
        auto [error, socket] = co_await self->acceptor.async_accept(wait_for);
        if (error) co_return;
        auto const number = self->seen->accepted++;
        auto shared = std::make_shared<tcp::socket>(std::move(socket));
        self->open.insert(shared);
        asio::co_spawn(self->acceptor.get_executor(), serve(self, shared, number), asio::detached);
    }
}

/// Reads one request and answers it; says whether the connection goes on.
template <class S>
asio::awaitable<bool> ScriptedPeer::Impl::reply(std::shared_ptr<Impl> self, S& stream,
                                                tcp::socket& socket, Reply what) {
    std::string text;
    auto const [read_error, head_bytes] =
        co_await asio::async_read_until(stream, asio::dynamic_buffer(text), "\r\n\r\n", wait_for);
    if (read_error) {
        ++self->seen->ended;
        co_return false;
    }
    auto const whole = head_bytes + content_length(std::string_view(text).substr(0, head_bytes));
    while (text.size() < whole) {
        auto const at = text.size();
        text.resize(whole);
        auto const [error, count] =
            co_await stream.async_read_some(asio::buffer(text.data() + at, whole - at), wait_for);
        text.resize(at + count);
        if (error) co_return false;
    }
    self->seen->requests.push_back(text);
    if (self->seen->on_request) self->seen->on_request();
    if (!what.behind.empty()) {
        // Without a wait between the two, so that the client finds both when it looks.
        error_code ignored;
        asio::write(stream, asio::buffer(std::exchange(what.bytes, {})), ignored);
    }
    std::size_t const step = what.by_bytes ? 1 : std::max<std::size_t>(what.bytes.size(), 1);
    for (std::size_t at = 0; at < what.bytes.size(); at += step) {
        auto const piece =
            asio::buffer(what.bytes.data() + at, std::min(step, what.bytes.size() - at));
        auto const [error, count] = co_await asio::async_write(stream, piece, wait_for);
        if (error) co_return false;
    }
    error_code ignored;
    if (!what.behind.empty()) asio::write(stream, asio::buffer(what.behind), ignored);
    if (what.after == After::reset) socket.set_option(tcp::socket::linger(true, 0), ignored);
    if (what.after == After::close || what.after == After::reset) socket.close(ignored);
    if (what.after == After::silence) {
        char byte = 0;
        co_await stream.async_read_some(asio::buffer(&byte, 1), wait_for);
        ++self->seen->ended;
    }
    co_return what.after == After::keep;
}

asio::awaitable<void> ScriptedPeer::Impl::serve(std::shared_ptr<Impl> self,
                                                std::shared_ptr<tcp::socket> socket,
                                                std::size_t number) {
    auto const& all = self->script.connections;
    auto const replies = all[std::min(number, all.size() - 1)];
    auto next = replies.begin();
    bool goes_on = next != replies.end();
    std::optional<Stream> tls;
    while (goes_on) {
        bool const in_clear = self->script.is_tunnel && next == replies.begin();
        if (self->script.tls && !in_clear && !tls) {
            tls.emplace(*socket, *self->script.tls);
            auto const [error] =
                co_await tls->async_handshake(asio::ssl::stream_base::server, wait_for);
            auto const* const name =
                SSL_get_servername(tls->native_handle(), TLSEXT_NAMETYPE_host_name);
            self->seen->server_names.emplace_back(name != nullptr ? name : "");
            if (error) break;
        }
        // After the last reply the peer still reads, so that it sees the client close.
        bool const is_last = next == replies.end();
        auto const what = is_last ? Reply{.bytes = "", .after = After::close} : *next++;
        if (tls) {
            goes_on = co_await reply(self, *tls, *socket, what);
        } else {
            goes_on = co_await reply(self, *socket, *socket, what);
        }
    }
    error_code ignored;
    socket->close(ignored);
    self->open.erase(socket);
}

ScriptedPeer::ScriptedPeer(asio::io_context& io, PeerScript script)
    : impl_(std::make_shared<Impl>(io, std::move(script), seen)) {
    asio::co_spawn(io, Impl::accept(impl_), asio::detached);
}

ScriptedPeer::~ScriptedPeer() {
    error_code ignored;
    impl_->acceptor.close(ignored);
    close_all();
}

std::uint16_t ScriptedPeer::port() const {
    return impl_->acceptor.local_endpoint().port();
}

void ScriptedPeer::close_all() {
    error_code ignored;
    auto const open = impl_->open;
    for (auto const& socket : open)
        socket->close(ignored);
}

void ScriptedPeer::send_unasked(std::string const& bytes) {
    for (auto const& socket : impl_->open)
        asio::write(*socket, asio::buffer(bytes));
}

std::string ok(std::string const& body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

FullBacklog::FullBacklog(asio::io_context& io) : acceptor_(io) {
    acceptor_.open(tcp::v4());
    acceptor_.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    acceptor_.listen(0);
    // The kernel takes one or two; the first that is not through is waiting for ever.
    for (int tries = 0; tries < 16; ++tries) {
        auto& socket = filling_.emplace_back(io, tcp::v4());
        socket.native_non_blocking(true);
        auto const endpoint = acceptor_.local_endpoint();
        // Asio's own connect would wait.
        ::connect(socket.native_handle(), endpoint.data(), static_cast<socklen_t>(endpoint.size()));
        pollfd ready{socket.native_handle(), POLLOUT, 0};
        if (::poll(&ready, 1, 100) == 0) return;
    }
}

std::uint16_t FullBacklog::port() const {
    return acceptor_.local_endpoint().port();
}

std::uint16_t free_port(asio::io_context& io) {
    tcp::acceptor const taken(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    return taken.local_endpoint().port();
}

}  // namespace headrace::http::testing
