#include "http/client.hpp"

#include "http/connection_pool.hpp"

#include <utility>
#include <vector>

namespace headrace::http {

namespace asio = boost::asio;

struct Client::Impl {
    static asio::awaitable<Result<void>> exchange(std::shared_ptr<ConnectionPool> pool,
                                                  Request const& request, Response& response);

    asio::any_io_executor executor;
    Clock const& clock;
    std::shared_ptr<ConnectionPool> pool;
    std::vector<std::weak_ptr<ConnectionPool>> retired{};  ///< As long as exchanges hold them.
};

asio::awaitable<Result<void>> Client::Impl::exchange(std::shared_ptr<ConnectionPool> pool,
                                                     Request const& request, Response& response) {
    for (bool is_retry = false;; is_retry = true) {
        Lease lease;
        if (!is_retry) lease = pool->take_idle();
        if (!lease) {
            auto acquired = co_await pool->acquire(is_retry);
            if (!acquired) co_return std::move(acquired).error();
            lease = std::move(*acquired);
        }
        bool const was_kept = lease->is_open();
        auto written = pool->head().write(request, lease->head());
        if (!written) {
            if (was_kept) lease.give_back();
            co_return written;
        }
        if (!was_kept) {
            auto opened = co_await lease->open();
            if (!opened) co_return opened;
        }
        auto exchanged = co_await lease->exchange(request, response);
        if (exchanged) {
            lease.give_back();
            co_return exchanged;
        }
        // The peer may have vanished without a word: the others that were kept would each cost
        // another request its time.
        if (was_kept && exchanged.error().code == ErrorCode::timeout) pool->drop_idle();
        // A kept connection that the peer has closed meanwhile says nothing about this request.
        bool const was_stale = was_kept && exchanged.error().code == ErrorCode::connection &&
                               !lease->answer_has_begun();
        if (!was_stale) co_return exchanged;
    }
}

Client::Client(asio::any_io_executor executor, ClientSettings settings, Clock const& clock)
    : impl_(std::make_unique<Impl>(
          Impl{executor, clock,
               std::make_shared<ConnectionPool>(executor, std::move(settings), clock)})) {}

Client::~Client() {
    close();
}

void Client::close() {
    impl_->pool->close();
    for (auto const& retired : impl_->retired) {
        if (auto const pool = retired.lock()) pool->close();
    }
}

asio::awaitable<Result<void>> Client::exchange(Request const& request, Response& response) {
    return Impl::exchange(impl_->pool, request, response);
}

std::size_t Client::connections() const noexcept {
    auto size = impl_->pool->size();
    for (auto const& retired : impl_->retired) {
        if (auto const pool = retired.lock()) size += pool->size();
    }
    return size;
}

Result<void> Client::renew(ClientSettings settings) {
    auto pool =
        std::make_shared<ConnectionPool>(impl_->executor, std::move(settings), impl_->clock);
    if (auto usable = pool->check(); !usable) return usable;
    impl_->pool->retire();
    std::erase_if(impl_->retired, [](auto const& retired) { return retired.expired(); });
    impl_->retired.push_back(impl_->pool);
    impl_->pool = std::move(pool);
    return {};
}

}  // namespace headrace::http
