// The daemon as a unit of systemd: sends what ServiceNotices finds due over the socket that systemd
// named in the environment. Used by daemon, and only when it was started by a unit of Type=notify;
// else there is none of it. What the socket does not take at once is sent
// again a little later. Thread safety: belongs to the executor's thread.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "ops/service_notices.hpp"
#include "ops/snapshot_source.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace headrace::ops {

/// What systemd says to a process that it starts.
struct ServiceSettings {
    std::string notify_socket;  ///< Empty: nobody wants to be told.
    Duration watchdog{};        ///< Zero: no sign of life is asked for.
};

/// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID; `process` is our own number. What makes no
/// sense is as if it were not there.
[[nodiscard]] ServiceSettings read_service_settings(
    std::function<char const*(char const*)> const& variable, int process);

class ServiceUnit {
  public:
    struct Sources {
        SnapshotSource snapshots;
        std::function<bool()> do_loops_beat;  ///< Must not wait.
    };

    /// `clock` outlives it. REQUIRES: settings name a socket.
    ServiceUnit(boost::asio::any_io_executor executor, ServiceSettings settings, Sources sources,
                Clock const& clock);
    ~ServiceUnit();
    ServiceUnit(ServiceUnit const&) = delete;
    ServiceUnit& operator=(ServiceUnit const&) = delete;

    /// From now on notices go out when they are due. The error says why there will be none.
    [[nodiscard]] Result<void> start();
    /// A reload begins, or has ended, well or badly; told at once.
    void reloading(bool is_reloading);
    /// The drain has begun and ends by `until`; told at once.
    void draining(TimePoint until);
    /// Nothing is told from now on.
    void stop();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::ops
