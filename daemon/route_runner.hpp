// One route put together: its Kafka source, dead letters, gate, lanes and intake, and the consumer
// thread that turns the intake. An island: it shares nothing with other routes but the workers'
// threads. Used by daemon. Thread safety: start(), drain() and join() by the owner; command(),
// snapshot() and heartbeat() from any thread.
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
    /// REQUIRES: the workers are stopped, or drained cleanly.
    ~RouteRunner();
    RouteRunner(RouteRunner const&) = delete;
    RouteRunner& operator=(RouteRunner const&) = delete;

    [[nodiscard]] Result<void> start();
    /// Begins the drain; everything, closing Kafka included, ends by `deadline`.
    void drain(TimePoint deadline) noexcept;
    void join();
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
