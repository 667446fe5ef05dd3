// One member of the group: a run of the daemon's route, made of the real intake, gate and
// deliveries, on simulated threads. Ends by a drain, or at any moment by being destroyed. After
// each turn of its consumer thread the daemon's own sums are checked. Thread safety: not
// thread-safe.
#pragma once

#include "flow/gate.hpp"
#include "flow/intake.hpp"
#include "simulation/dead_letter_topic.hpp"
#include "simulation/lane_shell.hpp"
#include "simulation/member_source.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace headrace::simulation {

class Member {
  public:
    struct World {
        WorldSettings const& settings;
        Timeline& timeline;
        Chance& chance;
        Log& log;
        Ledger& ledger;
        Group& group;
        Destination& destination;
        DeadLetterTopic& topic;
        History& history;
        bool has_topic = true;
        std::function<void(Member&, bool was_clean)> on_exit;
        /// Share of the consumer thread's calls in which the process is killed.
        double const& kills;
    };

    Member(World world, MemberId id);
    ~Member();
    Member(Member const&) = delete;
    Member& operator=(Member const&) = delete;

    [[nodiscard]] MemberId id() const noexcept { return process_->id(); }
    [[nodiscard]] Process& process() noexcept { return *process_; }
    [[nodiscard]] MemberSource& source() noexcept { return source_; }
    [[nodiscard]] bool is_draining() const noexcept { return is_draining_; }
    [[nodiscard]] std::uint64_t turns() const noexcept { return turns_; }

    void drain();
    /// `headrace route resume`, as far as it concerns the gate.
    void resume();
    /// A secret file changed.
    void probe_now();
    /// No lane has anything to do.
    [[nodiscard]] bool is_idle() const;
    [[nodiscard]] std::uint64_t lane_runs() const;
    /// Requests and look-ups under way.
    [[nodiscard]] std::size_t attempts() const noexcept { return shared_.attempts; }
    [[nodiscard]] flow::RouteSnapshot snapshot() const;

  private:
    void turn();
    void plan_turn(TimePoint when);
    void wake();
    void interleave();
    void leave();
    void check_sums() const;
    void check_clean() const;

    World world_;
    std::shared_ptr<Process> process_;
    flow::Gate gate_;
    MemberSource source_;
    MemberLetters letters_;
    LaneShell::Shared shared_;
    std::vector<std::unique_ptr<LaneShell>> lanes_;
    std::unique_ptr<flow::Intake> intake_;
    std::uint64_t turns_ = 0;
    std::uint64_t plan_ = 0;  ///< The turn that is planned; others are void.
    bool is_asleep_ = false;
    bool is_woken_ = false;
    bool is_draining_ = false;
    TimePoint drain_deadline_{};
    unsigned stops_before_drain_ = 0;
    bool was_stopped_ = false;  ///< When it was to drain.
};

}  // namespace headrace::simulation
