// The composition root: builds workers, routes and the admin server from a Config, starts them,
// takes another configuration while they run, and drains them in order. Used by the commands run
// and demo. Thread safety: every call by one thread,
// but for snapshots(); the admin server answers on the given executor.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "flow/route_snapshot.hpp"
#include "ops/config_status.hpp"
#include "ops/log.hpp"
#include "ops/service_unit.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace headrace {

class Daemon {
  public:
    struct Parts {
        boost::asio::io_context& io;  ///< For the admin server and timers; run by the caller.
        Clock const& clock;
        ops::Log& log;
        ops::ServiceSettings service;      ///< What systemd wants to be told, if it does.
        std::function<void()> on_drained;  ///< Posted to `io` when every route has ended.
        /// The configuration's file, which is followed and read again; empty: there is none.
        std::string config_file{};
    };

    /// Builds everything and starts nothing. Errors are configuration faults.
    static Result<std::unique_ptr<Daemon>> make(config::Config config, Parts parts);
    /// REQUIRES: has_ended(), or never started.
    ~Daemon();
    Daemon(Daemon const&) = delete;
    Daemon& operator=(Daemon const&) = delete;

    /// Opens the admin address and starts every route; the error says what could not be started.
    [[nodiscard]] Result<void> start();

    /// Begins the drain of every route; it ends within limits.drain_secs. The second call does
    /// nothing.
    void drain();

    /// Reads the configuration's file again and carries out the difference; `cause` is for the log.
    void reload(std::string_view cause);

    [[nodiscard]] bool has_ended() const;
    /// REQUIRES: has_ended().
    [[nodiscard]] bool was_clean() const;
    [[nodiscard]] Duration drain_time() const noexcept;

    [[nodiscard]] std::uint16_t admin_port() const noexcept;
    [[nodiscard]] std::vector<flow::RouteSnapshot> snapshots() const;
    [[nodiscard]] ops::ConfigStatus const& config_status() const noexcept;

  private:
    struct Impl;
    explicit Daemon(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace headrace
