// One run of the daemon: what it has planned dies with it, and waits while it is stopped (SIGSTOP,
// a machine that sleeps). Held by everything that plans for it, so that it may end at any moment.
// Thread safety: not thread-safe.
#pragma once

#include "simulation/timeline.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace headrace::simulation {

/// Thrown out of whatever the process does when it is killed in the middle of it.
struct Killed {
    std::uint32_t id = 0;
};

class Process : public std::enable_shared_from_this<Process> {
  public:
    Process(Timeline& timeline, Chance& chance, std::uint32_t id)
        : timeline_(timeline), chance_(chance), id_(id) {}

    [[nodiscard]] std::uint32_t id() const noexcept { return id_; }
    [[nodiscard]] bool is_alive() const noexcept { return is_alive_; }
    [[nodiscard]] bool is_stopped() const noexcept { return is_stopped_; }
    /// How often it was stopped: who compares knows that time has passed without it.
    [[nodiscard]] unsigned stops() const noexcept { return stops_; }

    void later(Duration wait, Timeline::Action action) {
        at(timeline_.now() + wait, std::move(action));
    }
    void at(TimePoint when, Timeline::Action action) {
        timeline_.at(when, [self = shared_from_this(), action = std::move(action)]() mutable {
            if (!self->is_alive_) return;
            if (self->is_stopped_) {
                self->deferred_.push_back(std::move(action));
            } else {
                action();
            }
        });
    }
    void stop() {
        is_stopped_ = true;
        ++stops_;
    }
    /// Everything that came due meanwhile happens soon, in any order.
    void go_on() {
        is_stopped_ = false;
        for (auto& action : std::exchange(deferred_, {})) {
            later(chance_.between(Duration{}, std::chrono::milliseconds(20)), std::move(action));
        }
    }
    void end() {
        is_alive_ = false;
        deferred_.clear();
    }

  private:
    Timeline& timeline_;
    Chance& chance_;
    std::uint32_t const id_;
    bool is_alive_ = true;
    bool is_stopped_ = false;
    unsigned stops_ = 0;
    std::vector<Timeline::Action> deferred_;
};

}  // namespace headrace::simulation
