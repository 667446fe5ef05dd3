// A loopback proxy between the daemon and one peer (a destination or a Kafka broker) that cuts,
// slows and silences connections on demand. Knows nothing of what it carries: faults are by bytes,
// by connection and by order. Thread safety: one thread of the tests; connections live on a thread
// of the proxy's own.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace headrace::integration {

/// How a connection ends, seen from both of its sides.
enum class Cut : std::uint8_t {
    close,      ///< In order, with FIN.
    reset,      ///< With RST.
    half_open,  ///< Not at all: nothing is forwarded any more, and nobody is told.
};

/// What happens to one connection.
struct LinkPlan {
    Cut cut = Cut::close;
    std::optional<std::uint64_t> cut_after_up{};    ///< Bytes from the client; 0: at once.
    std::optional<std::uint64_t> cut_after_down{};  ///< Bytes to the client; 0: at the first one.
    std::uint64_t bytes_per_sec = 0;                ///< Each way; 0: as fast as it goes.
    Duration delay{};                               ///< Of every piece, each way.
};

class FaultProxy {
  public:
    struct Figures {
        std::uint64_t connections = 0;
        std::uint64_t cuts = 0;
        std::uint64_t bytes_up = 0;
        std::uint64_t bytes_down = 0;
        std::size_t open = 0;
    };

    /// Listens on a free port at once; 0: the peer's port is told later.
    explicit FaultProxy(std::uint16_t upstream = 0);
    ~FaultProxy();
    FaultProxy(FaultProxy const&) = delete;
    FaultProxy& operator=(FaultProxy const&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept;
    void forward_to(std::uint16_t upstream);
    /// The next connections, in turn; those after them go by the last otherwise().
    void script(std::vector<LinkPlan> plans);
    void otherwise(LinkPlan plan);
    /// Ends every connection that is open now.
    void cut_all(Cut how);
    /// New connections are refused, as by a host without that server, until accept() is called.
    void refuse();
    void accept();
    [[nodiscard]] Figures figures() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::integration
