#include "kafka/wake_signal.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace headrace::kafka {

WakeSignal::WakeSignal() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

WakeSignal::~WakeSignal() {
    if (descriptor_ != -1) ::close(descriptor_);
}

void WakeSignal::wake() noexcept {
    if (is_set_.exchange(true)) return;
    std::uint64_t const one = 1;
    // It fails only when the counter is full, and then the sleeper is being woken already.
    [[maybe_unused]] auto const written = ::write(descriptor_, &one, sizeof one);
}

bool WakeSignal::wait(std::chrono::milliseconds limit) noexcept {
    pollfd entry{.fd = descriptor_, .events = POLLIN, .revents = 0};
    auto const most = std::chrono::milliseconds{std::numeric_limits<int>::max()};
    auto const timeout = std::clamp(limit, std::chrono::milliseconds{0}, most);
    if (::poll(&entry, 1, static_cast<int>(timeout.count())) <= 0) return false;
    // Before the read: a wake() in between writes again and is seen by this read or by the next
    // wait.
    is_set_.store(false);
    std::uint64_t count = 0;
    [[maybe_unused]] auto const got = ::read(descriptor_, &count, sizeof count);
    return true;
}

}  // namespace headrace::kafka
