#include "emulator/emulator_server.hpp"

#include "emulator/control.hpp"
#include "http/decompress.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <optional>
#include <tuple>

namespace headrace::emulator {

namespace asio = boost::asio;

/// Lives as long as the last answer that waits in it.
template <class Logic>
struct EmulatorServer<Logic>::Impl {
    Impl(asio::any_io_executor on, Logic emulator, Clock const& time, std::size_t body_max)
        : executor(std::move(on)),
          logic(std::move(emulator)),
          clock(time),
          body_bytes_max(body_max) {}

    [[nodiscard]] Moment now() const { return {clock.now(), clock.wall()}; }

    Reply handle(http::ServerRequest& request) {
        std::scoped_lock const lock(mutex);
        if (logic.switches().accept_compression) {
            if (auto refused = http::decode_body(request, body_bytes_max))
                return {.response = std::move(*refused)};
        }
        return logic.handle(request, now());
    }

    /// Ends a request also when its wait is cancelled.
    struct InProgressGuard {
        InProgressGuard(InProgressGuard const&) = delete;
        InProgressGuard& operator=(InProgressGuard const&) = delete;
        InProgressGuard(Impl& impl, Ticket ticket) : owner(impl), request(ticket) {}
        ~InProgressGuard() {
            std::scoped_lock const lock(owner.mutex);
            owner.logic.finish(request);
        }

        Impl& owner;
        Ticket request;
    };

    /// A coroutine that keeps what it uses alive: the server may be gone when the wait ends.
    static asio::awaitable<http::ServerResponse> answer(std::shared_ptr<Impl> self,
                                                        http::ServerRequest& request) {
        if (!self) co_return control_error(503, "the emulator has stopped");
        if (request.method == "POST" && request.path() == "/_emulator/close_idle") {
            self->server->close_idle();
            co_return control_ok();
        }
        Reply reply = self->handle(request);
        InProgressGuard const guard(*self, reply.ticket);
        if (reply.wait > Duration::zero()) {
            // The HTTP server cancels this wait when it stops or the client is long gone.
            asio::steady_timer timer(self->executor);
            timer.expires_after(std::min(reply.wait, stall_max));
            std::ignore = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        }
        co_return std::move(reply.response);
    }

    asio::any_io_executor executor;
    std::mutex mutex;
    Logic logic;
    Clock const& clock;
    std::size_t const body_bytes_max;
    std::optional<http::Server> server;
};

template <class Logic>
EmulatorServer<Logic>::EmulatorServer(asio::any_io_executor executor, http::ServerSettings settings,
                                      Logic logic, Clock const& clock)
    : impl_(std::make_shared<Impl>(executor, std::move(logic), clock, settings.body_bytes_max)) {
    // Weak: the server stands in what the handler refers to.
    impl_->server.emplace(executor, std::move(settings),
                          [weak = std::weak_ptr<Impl>(impl_)](http::ServerRequest& request) {
                              return Impl::answer(weak.lock(), request);
                          });
}

template <class Logic>
EmulatorServer<Logic>::~EmulatorServer() {
    stop();
}

template <class Logic>
Result<std::uint16_t> EmulatorServer<Logic>::start() {
    if (auto started = impl_->server->start(); !started) return started.error();
    return impl_->server->port();
}

template <class Logic>
void EmulatorServer<Logic>::stop() {
    impl_->server->stop();
}

template <class Logic>
void EmulatorServer<Logic>::close_idle() {
    impl_->server->close_idle();
}

template <class Logic>
std::mutex& EmulatorServer<Logic>::mutex() {
    return impl_->mutex;
}

template <class Logic>
Logic& EmulatorServer<Logic>::up_to_date() {
    impl_->logic.settle_late(impl_->now());
    return impl_->logic;
}

template class EmulatorServer<TectonEmulator>;
template class EmulatorServer<MilvusEmulator>;

}  // namespace headrace::emulator
