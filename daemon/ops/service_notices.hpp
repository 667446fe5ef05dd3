// What systemd is to be told of the daemon, and when: that it is ready, what its routes do, that it
// reloads or drains, and that its loops go round. Pure: the picture and the time come in, the text
// of one notice comes out. Used by ServiceUnit, which sends it. Thread safety: not thread-safe.
#pragma once

#include "base/clock.hpp"
#include "flow/route_snapshot.hpp"

#include <optional>
#include <span>
#include <string>

namespace headrace::ops {

/// The daemon as far as the service manager is concerned.
struct ServicePicture {
    std::span<flow::RouteSnapshot const> routes;
    bool do_loops_beat = true;  ///< Every loop of the process went round lately.
    bool is_reloading = false;
    std::optional<TimePoint> drains_until;  ///< Since the drain began: its deadline.
};

/// Invariants:
/// 1. READY=1 is due once every route is assigned or retrying, or ready_within has passed.
/// 2. A notice that was not taken is due again; one that was taken is not.
/// 3. STATUS= changes at most once in status_interval, unless something else is told with it.
/// 4. WATCHDOG=1 is due only while every loop beats.
class ServiceNotices {
  public:
    /// A route that is neither assigned nor knows why not counts as retrying from then on: a unit
    /// must come up although its brokers do not answer.
    static constexpr Duration ready_within = std::chrono::seconds(15);
    static constexpr Duration status_interval = std::chrono::seconds(1);
    /// Beyond the drain's deadline, for leaving by force.
    static constexpr Duration stop_reserve = std::chrono::seconds(5);

    /// `watchdog`: how long systemd waits for a sign of life; zero: it does not.
    ServiceNotices(Duration watchdog, TimePoint started)
        : feed_interval_(watchdog / 2), started_(started) {}

    /// The notice that is due, as sd_notify(3) has it; empty if none is.
    [[nodiscard]] std::string due(TimePoint now, ServicePicture const& picture);
    /// The notice that due() gave last was taken.
    void on_sent() { told_ = next_; }

    [[nodiscard]] bool was_told_ready() const noexcept { return told_.is_ready; }

  private:
    struct Told {
        bool is_ready = false;
        bool is_reloading = false;
        bool is_stopping = false;
        std::string status;
        TimePoint status_at{};
        std::optional<TimePoint> fed_at;
    };

    [[nodiscard]] std::string stage(TimePoint now, ServicePicture const& picture);
    [[nodiscard]] bool is_ready(TimePoint now, ServicePicture const& picture) const;

    Duration feed_interval_;
    TimePoint started_;
    Told told_;
    Told next_;
};

/// The routes in one line, such as `3 routes: 2 flowing, 1 blocked (embeddings: 401 …)`; what is
/// worst is explained.
[[nodiscard]] std::string service_status(TimePoint now, ServicePicture const& picture);

}  // namespace headrace::ops
