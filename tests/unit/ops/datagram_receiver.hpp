// A unix datagram socket that listens in a folder of its own, as systemd's do, for tests of what is
// sent to it. Thread safety: one thread.
#pragma once

#include "temporary_path.hpp"

#include <array>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace headrace::ops {

class DatagramReceiver {
  public:
    DatagramReceiver() : path_("datagrams.sock") { listen(); }
    ~DatagramReceiver() { ::close(descriptor_); }
    DatagramReceiver(DatagramReceiver const&) = delete;
    DatagramReceiver& operator=(DatagramReceiver const&) = delete;

    [[nodiscard]] std::string const& name() const noexcept { return *path_; }

    /// What has come and was not read yet.
    [[nodiscard]] std::vector<std::string> read_present() {
        std::vector<std::string> out;
        std::array<char, 16384> buffer{};
        while (true) {
            ssize_t const size = ::recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (size < 0) return out;
            out.emplace_back(buffer.data(), static_cast<std::size_t>(size));
        }
    }

    /// Goes away and comes back under the same name, as after a restart.
    void restart() {
        ::close(descriptor_);
        ::unlink(name().c_str());
        listen();
    }

  private:
    void listen() {
        descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, name().c_str(), sizeof(address.sun_path) - 1);
        if (::bind(descriptor_, reinterpret_cast<sockaddr const*>(&address), sizeof(address)) != 0)
            std::abort();
    }

    TemporaryPath path_;
    int descriptor_ = -1;
};

}  // namespace headrace::ops
