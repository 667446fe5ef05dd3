// Takes another configuration while the daemon runs: loads the file, says what is wrong with it and
// keeps the one of before, or carries out the difference. One reload at a time: who asks while one
// is under way is answered by the next, which reads the file anew. Used by daemon, which is told of
// signals, of the control socket and of files that changed. Thread safety: one thread, that of the
// RouteTable.
#pragma once

#include "config/config.hpp"
#include "config/load.hpp"
#include "ops/config_status.hpp"
#include "ops/log.hpp"
#include "route_table.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace {

/// What became of a reload: one sentence or more, a line each.
struct ReloadAnswer {
    bool is_done = false;
    std::string message;
};
using ReloadReply = std::function<void(ReloadAnswer const&)>;

class Reloader {
  public:
    struct Parts {
        Clock const& clock;
        ops::Log& log;
        RouteTable& routes;
        /// Reads and checks the file; empty: there is none.
        std::function<config::Loaded()> load;
        std::function<void()> on_begun;  ///< May be empty.
        std::function<void()> on_ended;  ///< May be empty; not called when the daemon stops first.
    };

    /// `running`: the configuration with which everything is about to begin.
    Reloader(config::Config running, Parts parts);
    Reloader(Reloader const&) = delete;
    Reloader& operator=(Reloader const&) = delete;

    /// Asks for a reload; `cause` is for the log. The reply, if there is one, comes when it has
    /// ended.
    void ask(std::string_view cause, ReloadReply reply = {});
    /// The routes have changed: a reload under way may be over.
    void on_routes_changed();
    /// The daemon drains: no further reload, and the one under way ends unanswered but for this.
    void stop();

    /// The configuration that is in force; its routes are the table's.
    [[nodiscard]] config::Config const& running() const noexcept { return running_; }
    [[nodiscard]] ops::ConfigStatus const& status() const noexcept { return status_; }

  private:
    void begin(std::string_view cause);
    void take(config::Config next);
    void refuse(std::vector<std::string> const& faults);
    void adopt(config::Config next, config::ReloadPlan const& plan);
    void succeed();
    void finish(ReloadAnswer const& answer);
    void answer_all(std::vector<ReloadReply>& replies, ReloadAnswer const& answer);

    Parts parts_;
    config::Config running_;
    ops::ConfigStatus status_;
    std::string summary_;               ///< Of the plan under way.
    std::vector<ReloadReply> asking_;   ///< Answered by the reload under way.
    std::vector<ReloadReply> waiting_;  ///< Answered by the next one.
    std::string waiting_cause_;         ///< Empty: nobody waits.
    bool is_stopping_ = false;
};

}  // namespace headrace
