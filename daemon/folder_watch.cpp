#include "folder_watch.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <sys/inotify.h>

namespace headrace {
namespace {

constexpr std::uint32_t changes =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR;
/// Room for a burst; what it says is not looked at.
constexpr std::size_t burst_bytes = 16384;

}  // namespace

struct FolderWatch::Impl : std::enable_shared_from_this<Impl> {
    Impl(boost::asio::any_io_executor executor, std::function<void()> call)
        : events(executor), on_change(std::move(call)) {
        int const descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (descriptor >= 0) events.assign(descriptor);
    }

    void wait() {
        events.async_read_some(
            boost::asio::buffer(buffer),
            [weak = weak_from_this()](boost::system::error_code error, std::size_t) {
                auto const self = weak.lock();
                if (error || !self) return;
                self->on_change();
                self->wait();
            });
    }

    boost::asio::posix::stream_descriptor events;
    std::function<void()> on_change;
    std::map<std::string, int> watches;
    std::array<std::uint8_t, burst_bytes> buffer{};
};

FolderWatch::FolderWatch(boost::asio::any_io_executor executor, std::function<void()> on_change)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(on_change))) {
    if (impl_->events.is_open()) impl_->wait();
}

FolderWatch::~FolderWatch() {
    boost::system::error_code ignored;
    impl_->events.close(ignored);
}

void FolderWatch::follow(std::set<std::string> const& folders) {
    if (!impl_->events.is_open()) return;
    std::map<std::string, int> present;
    for (auto const& folder : folders) {
        // The same folder has the same number again.
        int const watch =
            ::inotify_add_watch(impl_->events.native_handle(), folder.c_str(), changes);
        if (watch >= 0) present.emplace(folder, watch);
    }
    for (auto const& [folder, watch] : impl_->watches) {
        bool is_used = false;
        for (auto const& entry : present)
            is_used = is_used || entry.second == watch;
        if (!is_used) ::inotify_rm_watch(impl_->events.native_handle(), watch);
    }
    impl_->watches = std::move(present);
}

}  // namespace headrace
