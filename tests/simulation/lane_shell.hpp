// The simulated counterpart of flow/lane: the same thin shell around the real Delivery, with events
// of the timeline where the lane has coroutines. It must keep the lane's contract and no more; what
// it checks besides is what only it can see. Thread safety: not thread-safe.
#pragma once

#include "flow/delivery.hpp"
#include "flow/lane_link.hpp"
#include "simulation/destination.hpp"
#include "simulation/member_sink.hpp"

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

namespace headrace::simulation {

class LaneShell {
  public:
    struct World {
        WorldSettings const& settings;
        Timeline& timeline;
        Chance& chance;
        Log& log;
        Ledger& ledger;
        Destination& destination;
        History& history;
    };
    /// What the lanes of one process share.
    struct Shared {
        flow::Gate& gate;
        flow::Report report;
        std::function<void()> wake_consumer;
        TimePoint held_until{};    ///< The destination asked for it by Retry-After.
        std::size_t attempts = 0;  ///< Of all lanes.
        std::uint64_t next_request = 1;
        TimePoint started{};
        std::array<std::uint64_t, flow::rate_limit_count> sent{};  ///< By RateLimitKind.
    };

    LaneShell(World world, std::shared_ptr<Process> process, Shared& shared, std::uint32_t number);

    [[nodiscard]] flow::LaneLink& link() noexcept { return link_; }
    [[nodiscard]] flow::LaneStats const& stats() const noexcept { return stats_; }
    [[nodiscard]] std::size_t held_bytes() const noexcept { return held_bytes_; }
    void notify();
    /// Lets it run before its turn, as another thread may.
    void hasten();

    [[nodiscard]] std::uint64_t runs() const noexcept { return runs_; }
    [[nodiscard]] bool is_idle() const noexcept { return delivery_.is_idle() && attempts_ == 0; }

  private:
    void run();
    void pump();
    void start(flow::Attempt const& attempt);
    void finish(flow::Attempt const& attempt, flow::Judgement judgement, TimePoint started);
    void hand_back();
    void arm();
    [[nodiscard]] flow::Delivery::Now now() const {
        return {world_.timeline.now(), world_.timeline.wall()};
    }
    void note_message(flow::LaneMessage const& message);
    [[nodiscard]] Request make_request(flow::Attempt const& attempt);
    void check_request(flow::Attempt const& attempt) const;
    void check_rate(flow::Attempt const& attempt);
    void note_outcome(flow::Outcome const& outcome);

    World world_;
    std::shared_ptr<Process> process_;
    Shared& shared_;
    std::uint32_t const number_;
    MemberSink sink_;
    flow::LaneLink link_;
    flow::LaneStats stats_;
    flow::Delivery delivery_;
    std::deque<flow::Outcome> overflow_;
    TimePoint armed_for_ = TimePoint::max();
    TimePoint detach_due_{};
    std::size_t held_bytes_ = 0;
    std::size_t attempts_ = 0;
    std::uint64_t runs_ = 0;
    bool is_posted_ = false;
    bool is_draining_ = false;
    std::unordered_map<std::uint64_t, Serial> serials_;         ///< By ticket.
    std::unordered_map<std::uint32_t, std::uint32_t> revoked_;  ///< Slot to epoch.
};

}  // namespace headrace::simulation
