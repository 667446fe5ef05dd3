#include "harness/fault_proxy.hpp"

#include "harness/reserved_port.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <list>
#include <span>
#include <thread>
#include <tuple>
#include <utility>

namespace headrace::integration {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t piece_bytes_max = 16384;
/// A slow link moves a piece this often at least.
constexpr std::uint64_t pieces_per_sec = 20;

tcp::endpoint loopback(std::uint16_t port) {
    return {asio::ip::address_v4::loopback(), port};
}

/// Both sockets of one connection. Shared by the two directions' coroutines; the last one frees it.
struct Link {
    Link(asio::io_context& io, LinkPlan what) : client(io), peer(io), plan(what) {}

    /// One direction: where from, where to, and what is left until the cut.
    struct Way {
        tcp::socket* from;
        tcp::socket* to;
        std::optional<std::uint64_t> left;
        std::uint64_t* total;
    };

    void end(Cut how) {
        if (is_ended) return;
        is_ended = true;
        is_closed = how != Cut::half_open;
        if (!is_closed) return;
        boost::system::error_code ignored;
        for (auto* const socket : {&client, &peer}) {
            if (how == Cut::reset) socket->set_option(asio::socket_base::linger(true, 0), ignored);
            socket->close(ignored);
        }
    }

    tcp::socket client;
    tcp::socket peer;
    LinkPlan plan;
    bool is_ended = false;   ///< Nothing is forwarded any more.
    bool is_closed = false;  ///< Its sockets, too: not so when it is half open.
};

std::size_t piece_bytes(LinkPlan const& plan) {
    if (plan.bytes_per_sec == 0) return piece_bytes_max;
    return std::clamp<std::size_t>(plan.bytes_per_sec / pieces_per_sec, 1, piece_bytes_max);
}

/// How long a piece is under way.
Duration travel(LinkPlan const& plan, std::size_t bytes) {
    if (plan.bytes_per_sec == 0) return plan.delay;
    return plan.delay + std::chrono::nanoseconds(bytes * 1'000'000'000 / plan.bytes_per_sec);
}

}  // namespace

struct FaultProxy::Impl {
    explicit Impl(std::uint16_t to) : upstream(to), acceptor(io) {
        listen();
        thread = std::thread([this] { io.run(); });
    }
    ~Impl() {
        io.stop();
        thread.join();
    }

    /// Runs on the proxy's thread; waits for it.
    template <class Work>
    auto run(Work work) {
        return asio::post(io, asio::use_future(std::move(work))).get();
    }

    void listen() {
        acceptor.open(tcp::v4());
        acceptor.set_option(tcp::acceptor::reuse_address(true));
        acceptor.bind(loopback(reserved.number()));
        acceptor.listen();
        asio::co_spawn(io, accept_links(*this, ++generation), asio::detached);
    }

    [[nodiscard]] LinkPlan next_plan() {
        if (plans.empty()) return otherwise;
        auto const plan = plans.front();
        plans.pop_front();
        return plan;
    }

    void cut(Link& link, Cut how) {
        if (!link.is_ended) ++figures.cuts;
        link.end(how);
    }

    static asio::awaitable<void> accept_links(Impl& self, std::uint64_t generation);
    static asio::awaitable<void> serve(Impl& self, std::shared_ptr<Link> link);
    static asio::awaitable<void> pump(Impl& self, std::shared_ptr<Link> link, Link::Way way);
    static asio::awaitable<bool> forward(Impl& self, std::shared_ptr<Link> link, Link::Way& way,
                                         std::span<char const> bytes);

    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> keeps_running{io.get_executor()};
    ReservedPort const reserved;
    std::uint16_t upstream;
    tcp::acceptor acceptor;
    std::uint64_t generation = 0;
    std::deque<LinkPlan> plans;
    LinkPlan otherwise;
    Figures figures;
    std::list<std::shared_ptr<Link>> links;
    std::thread thread;
};

asio::awaitable<void> FaultProxy::Impl::accept_links(Impl& self, std::uint64_t generation) {
    while (generation == self.generation) {
        tcp::socket client(self.io);
        auto const [error] = co_await self.acceptor.async_accept(client, quietly);
        if (error || generation != self.generation) co_return;
        ++self.figures.connections;
        std::erase_if(self.links, [](auto const& old) { return old->is_closed; });
        auto link = std::make_shared<Link>(self.io, self.next_plan());
        link->client = std::move(client);
        self.links.push_back(link);
        asio::co_spawn(self.io, serve(self, std::move(link)), asio::detached);
    }
}

asio::awaitable<void> FaultProxy::Impl::serve(Impl& self, std::shared_ptr<Link> link) {
    if (link->plan.cut_after_up == 0U) {
        self.cut(*link, link->plan.cut);
        co_return;
    }
    auto const [error] = co_await link->peer.async_connect(loopback(self.upstream), quietly);
    // A peer that refuses shows as a reset: a proxy cannot take back its own accept.
    if (error) link->end(Cut::reset);
    if (link->is_ended) co_return;
    boost::system::error_code ignored;
    for (auto* const socket : {&link->client, &link->peer}) {
        socket->set_option(tcp::no_delay(true), ignored);
    }
    asio::co_spawn(
        self.io,
        pump(self, link,
             {&link->client, &link->peer, link->plan.cut_after_up, &self.figures.bytes_up}),
        asio::detached);
    asio::co_spawn(
        self.io,
        pump(self, link,
             {&link->peer, &link->client, link->plan.cut_after_down, &self.figures.bytes_down}),
        asio::detached);
}

asio::awaitable<void> FaultProxy::Impl::pump(Impl& self, std::shared_ptr<Link> link,
                                             Link::Way way) {
    std::array<char, piece_bytes_max> buffer{};
    auto const size = piece_bytes(link->plan);
    while (!link->is_ended) {
        auto const [error, count] =
            co_await way.from->async_read_some(asio::buffer(buffer.data(), size), quietly);
        if (link->is_ended) co_return;
        if (error) {
            link->end(error == asio::error::eof ? Cut::close : Cut::reset);
            co_return;
        }
        if (!co_await forward(self, link, way, std::span(buffer.data(), count))) co_return;
    }
}

/// False when the connection has ended with these bytes.
asio::awaitable<bool> FaultProxy::Impl::forward(Impl& self, std::shared_ptr<Link> link,
                                                Link::Way& way, std::span<char const> bytes) {
    bool const is_last = way.left && *way.left <= bytes.size();
    if (is_last) bytes = bytes.first(static_cast<std::size_t>(*way.left));
    if (auto const wait = travel(link->plan, bytes.size()); wait > Duration::zero()) {
        asio::steady_timer timer(self.io, wait);
        std::ignore = co_await timer.async_wait(quietly);
        if (link->is_ended) co_return false;
    }
    auto const [error, count] =
        co_await asio::async_write(*way.to, asio::buffer(bytes.data(), bytes.size()), quietly);
    *way.total += count;
    if (way.left) *way.left -= count;
    if (error) link->end(Cut::reset);
    if (is_last) self.cut(*link, link->plan.cut);
    co_return !link->is_ended;
}

FaultProxy::FaultProxy(std::uint16_t upstream) : impl_(std::make_unique<Impl>(upstream)) {}
FaultProxy::~FaultProxy() = default;

std::uint16_t FaultProxy::port() const noexcept {
    return impl_->reserved.number();
}

void FaultProxy::forward_to(std::uint16_t upstream) {
    impl_->run([this, upstream] { impl_->upstream = upstream; });
}

void FaultProxy::script(std::vector<LinkPlan> plans) {
    impl_->run([this, &plans] { impl_->plans.assign(plans.begin(), plans.end()); });
}

void FaultProxy::otherwise(LinkPlan plan) {
    impl_->run([this, plan] { impl_->otherwise = plan; });
}

void FaultProxy::cut_all(Cut how) {
    impl_->run([this, how] {
        for (auto const& link : impl_->links) {
            impl_->cut(*link, how);
        }
    });
}

void FaultProxy::refuse() {
    impl_->run([this] {
        ++impl_->generation;
        impl_->acceptor.close();
    });
}

void FaultProxy::accept() {
    impl_->run([this] { impl_->listen(); });
}

FaultProxy::Figures FaultProxy::figures() const {
    return impl_->run([this] {
        auto out = impl_->figures;
        out.open = static_cast<std::size_t>(
            std::count_if(impl_->links.begin(), impl_->links.end(),
                          [](auto const& link) { return !link->is_ended; }));
        return out;
    });
}

}  // namespace headrace::integration
