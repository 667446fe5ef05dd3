#include "ops/service_unit.hpp"

#include "ops/datagram_socket.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace headrace::ops {
namespace {

/// Until READY=1 is out, and while a notice waits for room in systemd's queue.
constexpr Duration quick_look = std::chrono::milliseconds(100);
constexpr Duration slow_look = std::chrono::seconds(1);

std::optional<std::int64_t> read_number(char const* text) {
    if (text == nullptr) return std::nullopt;
    std::string_view const digits(text);
    std::int64_t number = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    bool const is_whole = error == std::errc{} && end == digits.data() + digits.size();
    return is_whole ? std::optional(number) : std::nullopt;
}

}  // namespace

ServiceSettings read_service_settings(std::function<char const*(char const*)> const& variable,
                                      int process) {
    ServiceSettings settings;
    char const* const socket = variable("NOTIFY_SOCKET");
    if (socket == nullptr) return settings;
    settings.notify_socket = socket;
    // Set for the parent of a wrapper script, too: not ours then.
    char const* const whose = variable("WATCHDOG_PID");
    if (whose != nullptr && read_number(whose) != process) return settings;
    constexpr std::int64_t year_us = 365LL * 24 * 3600 * 1'000'000;
    auto const watchdog_us = read_number(variable("WATCHDOG_USEC")).value_or(0);
    if (watchdog_us > 0 && watchdog_us < year_us)
        settings.watchdog = std::chrono::microseconds(watchdog_us);
    return settings;
}

struct ServiceUnit::Impl {
    Impl(boost::asio::any_io_executor executor, ServiceSettings to_use, Sources from,
         Clock const& clock_to_use)
        : settings(std::move(to_use)),
          sources(std::move(from)),
          clock(clock_to_use),
          notices(settings.watchdog, clock.now()),
          timer(std::move(executor)) {}

    void look();
    bool tell();

    ServiceSettings settings;
    Sources sources;
    Clock const& clock;
    ServiceNotices notices;
    std::optional<DatagramSocket> socket;
    boost::asio::steady_timer timer;
    bool is_reloading = false;
    std::optional<TimePoint> drains_until;
};

ServiceUnit::ServiceUnit(boost::asio::any_io_executor executor, ServiceSettings settings,
                         Sources sources, Clock const& clock)
    : impl_(std::make_unique<Impl>(std::move(executor), std::move(settings), std::move(sources),
                                   clock)) {}

ServiceUnit::~ServiceUnit() = default;

Result<void> ServiceUnit::start() {
    auto socket = DatagramSocket::open(impl_->settings.notify_socket);
    if (!socket) return socket.error().with_prefix("NOTIFY_SOCKET: ");
    impl_->socket.emplace(std::move(*socket));
    impl_->look();
    return {};
}

void ServiceUnit::reloading(bool is_reloading) {
    impl_->is_reloading = is_reloading;
    impl_->look();
}

void ServiceUnit::draining(TimePoint until) {
    impl_->drains_until = until;
    impl_->look();
}

void ServiceUnit::stop() {
    impl_->socket.reset();
    impl_->timer.cancel();
}

/// Tells what is due, and comes back when something may be due again.
void ServiceUnit::Impl::look() {
    if (!socket) return;
    bool const is_through = tell();
    bool const is_quiet = is_through && notices.was_told_ready();
    auto const pause = is_quiet ? slow_look : quick_look;
    // A sign of life is due after half of that time; a look may come late, but not by much of it.
    timer.expires_after(settings.watchdog > Duration{} ? std::min(pause, settings.watchdog / 10)
                                                       : pause);
    timer.async_wait([this](boost::system::error_code error) {
        if (!error) look();
    });
}

bool ServiceUnit::Impl::tell() {
    auto const routes = sources.snapshots();
    auto const notice = notices.due(clock.now(), {.routes = routes,
                                                  .do_loops_beat = sources.do_loops_beat(),
                                                  .is_reloading = is_reloading,
                                                  .drains_until = drains_until});
    if (notice.empty()) return true;
    if (!socket->send(notice)) return false;
    notices.on_sent();
    return true;
}

}  // namespace headrace::ops
