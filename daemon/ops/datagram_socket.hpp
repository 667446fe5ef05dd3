// Sends datagrams to a unix socket by its name without ever waiting: what the receiver does not
// take at once is the caller's to send again or to drop. Used for systemd's two protocols, the
// journal and the service manager's notices; why not by libsystemd stands in docs/decisions. Thread
// safety: send() from any thread.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace headrace::ops {

class DatagramSocket {
  public:
    /// For the socket of that name: an absolute path, or `@` and a name in the abstract space.
    static Result<DatagramSocket> open(std::string const& name);
    ~DatagramSocket();
    DatagramSocket(DatagramSocket&& other) noexcept;
    DatagramSocket& operator=(DatagramSocket&&) = delete;

    /// Whether the receiver has it. A receiver that went away and came back under the same name is
    /// found again.
    [[nodiscard]] bool send(std::string_view datagram) const noexcept;

  private:
    DatagramSocket(int descriptor, std::string address)
        : descriptor_(descriptor), address_(std::move(address)) {}

    int descriptor_;
    std::string address_;  ///< A sockaddr_un as its bytes.
};

}  // namespace headrace::ops
