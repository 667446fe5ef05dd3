#include "harness/tls_front.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <set>
#include <thread>
#include <utility>

namespace headrace::integration {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

tcp::endpoint loopback(std::uint16_t port) {
    return {asio::ip::address_v4::loopback(), port};
}

/// One connection, shared by its two directions.
struct Link {
    Link(tcp::socket socket, TlsFront::Context with)
        : context(std::move(with)),
          client(std::move(socket), *context),
          peer(client.get_executor()) {}

    void end() {
        boost::system::error_code ignored;
        client.lowest_layer().close(ignored);
        peer.close(ignored);
    }

    TlsFront::Context context;
    asio::ssl::stream<tcp::socket> client;
    tcp::socket peer;
};

template <class From, class To>
asio::awaitable<void> pump(std::shared_ptr<Link> link, From& from, To& to) {
    std::array<char, 16384> piece{};
    while (true) {
        auto const [read_error, count] =
            co_await from.async_read_some(asio::buffer(piece), quietly);
        if (read_error) break;
        auto const [error, written] =
            co_await asio::async_write(to, asio::buffer(piece.data(), count), quietly);
        if (error) break;
    }
    link->end();
}

}  // namespace

struct TlsFront::Impl {
    Impl(std::uint16_t to, Context with)
        : upstream(to), context(std::move(with)), acceptor(io, loopback(0)) {}

    asio::awaitable<void> accept();
    asio::awaitable<void> serve(std::shared_ptr<Link> link);
    void end_all() {
        for (auto const& weak : links) {
            if (auto const link = weak.lock()) link->end();
        }
        links.clear();
    }

    asio::io_context io{1};
    std::uint16_t upstream;
    Context context;
    tcp::acceptor acceptor;
    std::set<std::weak_ptr<Link>, std::owner_less<>> links;
    std::thread thread;
};

asio::awaitable<void> TlsFront::Impl::accept() {
    while (true) {
        auto [error, socket] = co_await acceptor.async_accept(quietly);
        if (error) co_return;
        auto const link = std::make_shared<Link>(std::move(socket), context);
        links.insert(link);
        asio::co_spawn(io, serve(link), asio::detached);
    }
}

asio::awaitable<void> TlsFront::Impl::serve(std::shared_ptr<Link> link) {
    auto const [refused] =
        co_await link->client.async_handshake(asio::ssl::stream_base::server, quietly);
    if (refused) co_return link->end();
    auto const [absent] = co_await link->peer.async_connect(loopback(upstream), quietly);
    if (absent) co_return link->end();
    asio::co_spawn(io, pump(link, link->client, link->peer), asio::detached);
    asio::co_spawn(io, pump(link, link->peer, link->client), asio::detached);
}

TlsFront::TlsFront(std::uint16_t upstream, Context context)
    : impl_(std::make_unique<Impl>(upstream, std::move(context))) {
    asio::co_spawn(impl_->io, impl_->accept(), asio::detached);
    impl_->thread = std::thread([this] { impl_->io.run(); });
}

TlsFront::~TlsFront() {
    impl_->io.stop();
    impl_->thread.join();
}

std::uint16_t TlsFront::port() const noexcept {
    return impl_->acceptor.local_endpoint().port();
}

void TlsFront::use(Context context) {
    asio::post(impl_->io, asio::use_future([&] {
                   impl_->context = std::move(context);
                   impl_->end_all();
               }))
        .get();
}

}  // namespace headrace::integration
