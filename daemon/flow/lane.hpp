// A lane: one route's share of one worker thread. It moves messages from the ring into delivery,
// carries out delivery's attempts with coroutines, and hands outcomes back. All decisions are
// delivery's; this is the thin shell. Thread safety: notify() from the consumer thread, stats()
// from any; everything else on the worker's io_context.
#pragma once

#include "base/clock.hpp"
#include "flow/delivery.hpp"
#include "flow/lane_link.hpp"
#include "flow/sink.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <functional>

namespace headrace::flow {

class Lane {
  public:
    struct Collaborators {
        boost::asio::io_context& io;
        Sink& sink;
        Gate& gate;
        Clock const& clock;
        Report report;
        std::function<void()> wake_consumer;  ///< Thread safety: called from the worker.
    };

    Lane(DeliverySettings settings, Collaborators with);
    Lane(Lane const&) = delete;
    Lane& operator=(Lane const&) = delete;

    [[nodiscard]] LaneLink& link() noexcept { return link_; }
    [[nodiscard]] LaneStats const& stats() const noexcept { return stats_; }
    [[nodiscard]] std::size_t held_bytes() const noexcept {
        return held_bytes_.load(std::memory_order_relaxed);
    }

    /// Says that messages are in the ring, or room in the other one. One notice per burst is
    /// enough.
    void notify();

    /// Whether an attempt is under way. On the worker's thread only.
    [[nodiscard]] bool is_busy() const noexcept { return attempts_ != 0; }

    /// Ends the lane for good: nothing more is begun, and `gone` is called once no attempt is under
    /// way and nothing will touch the lane any more. From then on it may be destroyed while the
    /// io_context runs. On the worker's thread only. REQUIRES: nobody notifies it any more; who
    /// cannot wait for attempts ends their exchanges.
    void close(std::function<void()> gone);

  private:
    void run();
    void pump();
    void hand_back();
    void arm();
    void finish_closing();
    [[nodiscard]] Delivery::Now now() const { return {with_.clock.now(), with_.clock.wall()}; }
    boost::asio::awaitable<void> carry_out(Attempt attempt);

    Collaborators with_;
    LaneLink link_;
    LaneStats stats_;
    Delivery delivery_;
    boost::asio::steady_timer timer_;
    std::deque<Outcome> overflow_;  ///< Outcomes that found no room in the ring.
    TimePoint armed_for_ = TimePoint::max();
    TimePoint detach_due_{};
    std::atomic<std::size_t> held_bytes_{0};
    std::size_t attempts_ = 0;
    bool is_closing_ = false;
    std::function<void()> gone_;
};

}  // namespace headrace::flow
