// A worker: one thread with one io_context, shared by all routes' lanes of its number. Its
// heartbeat is a timer of its own, so that a frozen loop shows in /healthz. Used by daemon. Thread
// safety: start() and stop() by the owner; io() is the worker's executor for everybody.
#pragma once

#include "base/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <thread>

namespace headrace {

/// When a loop last went round; read by /healthz.
class Heartbeat {
  public:
    void beat(TimePoint now) noexcept {
        at_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    }
    [[nodiscard]] TimePoint at() const noexcept {
        return TimePoint{Duration{at_.load(std::memory_order_relaxed)}};
    }

  private:
    std::atomic<Duration::rep> at_{0};
};

class Worker {
  public:
    /// `number` is in its thread's name.
    Worker(Clock const& clock, unsigned number);
    ~Worker();
    Worker(Worker const&) = delete;
    Worker& operator=(Worker const&) = delete;

    [[nodiscard]] boost::asio::io_context& io() noexcept { return io_; }
    [[nodiscard]] Heartbeat const& heartbeat() const noexcept { return heartbeat_; }
    void start();
    /// Ends the loop and joins the thread; what was posted and not run is destroyed with the
    /// io_context.
    void stop();

  private:
    void beat();

    Clock const& clock_;
    unsigned number_;
    boost::asio::io_context io_{1};
    boost::asio::steady_timer timer_{io_};
    Heartbeat heartbeat_;
    std::thread thread_;
};

}  // namespace headrace
