// The control socket on the wire: accepts connections, reads one line from each, hands it to the
// daemon, writes one line back. Whatever comes, it costs no more than a few connections, a short
// line each, for a short time. Made by the daemon, on the executor of the admin server. Thread
// safety: an instance belongs to its executor's thread.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "ops/control_protocol.hpp"
#include "ops/settings.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <functional>
#include <memory>

namespace headrace::ops {

/// Says what became of a request; to be called on the server's thread, once, at any time.
using ControlReply = std::function<void(ControlAnswer)>;
using ControlHandler = std::function<void(ControlRequest const&, ControlReply)>;

class ControlServer {
  public:
    ControlServer(boost::asio::any_io_executor executor, ControlSettings settings,
                  ControlHandler handler);
    ~ControlServer();
    ControlServer(ControlServer const&) = delete;
    ControlServer& operator=(ControlServer const&) = delete;

    /// Makes the socket and begins to answer. Errors as ControlSocket::listen().
    [[nodiscard]] Result<void> start();
    /// Removes the socket and closes all connections.
    void stop();
    [[nodiscard]] std::size_t connections() const noexcept;

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace headrace::ops
