// The routes of the process: those that run, those that leave and those that wait to begin. It
// starts and drains them all, and carries out the plan of a reload: a changed route leaves and
// begins anew in its own time, and no other one notices. Used by daemon and Reloader; it decides
// nothing about configurations. Thread safety: one thread, that of Parts::io.
//
// Invariants:
//  1. A route's new form begins after its old one has left its group and closed its connections.
//  2. A name stands once.
#pragma once

#include "config/config.hpp"
#include "config/reload_plan.hpp"
#include "flow/route_snapshot.hpp"
#include "route_runner.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace headrace {

class RouteTable {
  public:
    struct Parts {
        boost::asio::io_context& io;
        Clock const& clock;
        ops::Log& log;
        ops::RateLimitedLog& paced_log;
        std::vector<std::unique_ptr<Worker>>& workers;
        /// A route has ended, or the last plan is carried out: has_ended() and is_settled() may say
        /// something else now. Called on the thread of `io`, never from within a call.
        std::function<void()> on_change;
    };
    /// The new forms of a plan's routes, made and checked, and not started.
    using Prepared = std::vector<std::unique_ptr<RouteRunner>>;

    explicit RouteTable(Parts parts) : parts_(std::move(parts)) {}
    /// REQUIRES: nothing was started, or end() was called and the workers are stopped.
    ~RouteTable() = default;
    RouteTable(RouteTable const&) = delete;
    RouteTable& operator=(RouteTable const&) = delete;

    /// Makes the routes of the configuration; the error is a fault of the configuration.
    [[nodiscard]] Result<void> make(config::Config const& config);
    [[nodiscard]] Result<void> start();
    /// Drains at once what still runs, and waits for it. REQUIRES: the workers run.
    void end();

    /// Makes the new forms in the order of plan.starts, with everything checked that can be checked
    /// beside a running route; else everything that is wrong.
    [[nodiscard]] std::variant<Prepared, std::vector<std::string>> prepare(
        config::ReloadPlan const& plan, config::Config const& next);
    /// Begins to carry out the plan. REQUIRES: is_settled(), and no drain.
    void apply(config::ReloadPlan const& plan, config::Config const& next, Prepared prepared);
    /// No plan is under way.
    [[nodiscard]] bool is_settled() const;
    /// Routes that could not be started in their new form, since the last call.
    [[nodiscard]] std::vector<std::string> take_failures() { return std::exchange(failures_, {}); }

    /// Begins the drain of every route; what has not begun never does. The second call does
    /// nothing.
    void drain(TimePoint deadline);
    [[nodiscard]] bool has_ended() const;
    /// REQUIRES: has_ended().
    [[nodiscard]] bool was_clean() const;

    /// The forms in which the routes run now, their shares of the memory as they are now.
    [[nodiscard]] std::vector<config::Route> forms() const;
    [[nodiscard]] std::vector<std::string> names() const;
    /// The route that can be talked to; null if there is none of that name, or it is leaving.
    [[nodiscard]] RouteRunner* find(std::string const& name) const;
    [[nodiscard]] bool has(std::string const& name) const;
    [[nodiscard]] std::vector<flow::RouteSnapshot> snapshots() const;
    /// Names of routes whose loop has not gone round since `before`.
    [[nodiscard]] std::vector<std::string> stalled(TimePoint before) const;
    /// Reads the files again that the running routes follow.
    void follow_files();

  private:
    enum class Phase {
        waiting,  ///< No runner: the next form is to begin.
        running,  ///< In its group, or on the way.
        leaving,  ///< Draining.
        closing,  ///< Out of its group: the workers let go of it.
    };
    struct Next {
        config::Route form;
        std::unique_ptr<RouteRunner> runner;
        std::vector<std::string> after;
    };
    struct Slot {
        std::string name;
        config::Route form;  ///< In which it runs, or ran last.
        std::unique_ptr<RouteRunner> runner;
        std::optional<Next> next;
        Phase phase = Phase::waiting;
        bool is_fresh = false;                    ///< Begun by a reload and not joined since.
        bool was_clean = true;                    ///< The last drain.
        std::optional<flow::RouteSnapshot> last;  ///< Of the form before, while none runs.
    };
    using Made = Result<std::unique_ptr<RouteRunner>>;

    [[nodiscard]] Made make_runner(config::Route const& form);
    void post_change();
    void advance();
    void end_of(Slot& slot);
    void on_gone(std::string const& name);
    void begin_ready();
    [[nodiscard]] bool may_begin(Slot const& slot) const;
    void begin(Slot& slot);
    [[nodiscard]] bool begin_as_before(Slot& slot);
    void settle();
    void reorder(std::vector<config::Route> const& routes);
    [[nodiscard]] Slot* slot_of(std::string const& name);

    Parts parts_;
    config::Limits limits_;
    std::vector<std::unique_ptr<Slot>> slots_;
    std::vector<std::string> failures_;
    bool is_applying_ = false;
    bool is_draining_ = false;
};

}  // namespace headrace
