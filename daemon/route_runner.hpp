// One route put together: its Kafka source, dead letters, gate, lanes and intake, and the consumer
// thread that turns the intake. An island: it shares nothing with other routes but the workers'
// threads. Used by RouteTable. Thread safety: command(), snapshot(), probe_now() and heartbeat()
// from any thread; all else by the owner.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "flow/route_command.hpp"
#include "flow/route_snapshot.hpp"
#include "ops/log.hpp"
#include "ops/rate_limited_log.hpp"
#include "worker.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace headrace {

class RouteRunner {
  public:
    struct Parts {
        Clock const& clock;
        ops::Log& log;
        ops::RateLimitedLog& paced_log;
        std::vector<std::unique_ptr<Worker>>& workers;
        std::function<void()> on_ended;  ///< Called on the consumer thread when it is over.
    };

    /// Errors are configuration faults.
    static Result<std::unique_ptr<RouteRunner>> make(config::Route const& route,
                                                     config::Limits const& limits, Parts parts);
    /// REQUIRES: the workers are stopped, or it was never started, or retire() has called `gone`.
    ~RouteRunner();
    RouteRunner(RouteRunner const&) = delete;
    RouteRunner& operator=(RouteRunner const&) = delete;

    /// What start() would find wrong with the Kafka side, without joining the group.
    [[nodiscard]] Result<void> check() const;
    [[nodiscard]] Result<void> start();
    /// Lets it begin paused or drained, as an operator left the route of before. REQUIRES: not
    /// started.
    void begin_with(flow::RouteAction action);
    /// Begins the drain; everything, closing Kafka included, ends by `deadline`.
    void drain(TimePoint deadline) noexcept;
    void join();
    /// Lets go of the workers: connections on which a request is still under way are closed, and
    /// `gone` is called, on a worker's thread, when this object may be destroyed while the workers
    /// run. No snapshot() from now on. REQUIRES: has_ended().
    void retire(std::function<void()> gone);
    /// Takes another share of the memory and other limits while it runs. How much librdkafka
    /// prefetches stays as it was at the start.
    void set_limits(std::size_t memory_bytes, config::Limits const& limits);
    /// What is broken, blocked or stopped is tried again at once.
    void try_again() noexcept;
    /// Does what an operator asks, within limits.drain_secs. The reply comes on the consumer
    /// thread, once, unless the route ends first. Thread safety: any thread.
    void command(flow::RouteAction action, flow::RouteReply reply);
    /// Looks whether the files behind http.proxy and http.tls.* are others now, and lets new
    /// connections use them; those that cannot be used are told and change nothing. By one thread.
    void follow_files();
    /// A blocked or broken destination is probed at once: a secret has changed. Thread safety: any
    /// thread.
    void probe_now() noexcept;
    /// The consumer thread has ended. Thread safety: any thread.
    [[nodiscard]] bool has_ended() const noexcept;
    /// Every request sent was resolved, the last commit confirmed and Kafka closed. REQUIRES:
    /// has_ended().
    [[nodiscard]] bool was_clean() const noexcept;

    [[nodiscard]] std::string const& name() const noexcept;
    [[nodiscard]] flow::RouteSnapshot snapshot() const;
    [[nodiscard]] Heartbeat const& heartbeat() const noexcept;

  private:
    struct Impl;
    explicit RouteRunner(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace headrace
