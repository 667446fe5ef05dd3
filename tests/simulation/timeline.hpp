// Simulated time and the order of everything: events by time, and of events at one time in an order
// that the seed chooses. The monotonic clock only goes forward; the wall clock jumps when told.
// Used by everything in a simulated world. Thread safety: not thread-safe; a world has its own.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <vector>

namespace headrace::simulation {

/// Every choice of a world, drawn from its seed.
class Chance {
  public:
    explicit Chance(std::uint64_t seed) : random_(seed) {}

    [[nodiscard]] bool happens(double probability) { return random_.unit() < probability; }
    /// A number in [0, count). REQUIRES: count > 0.
    [[nodiscard]] std::size_t below(std::size_t count) { return random_.next() % count; }
    [[nodiscard]] std::size_t between(std::size_t least, std::size_t most) {
        return least + below(most - least + 1);
    }
    [[nodiscard]] Duration between(Duration least, Duration most) {
        auto const width = static_cast<std::size_t>((most - least).count()) + 1;
        return least + Duration{static_cast<Duration::rep>(below(width))};
    }
    template <class T>
    [[nodiscard]] T pick(std::initializer_list<T> choices) {
        return *(choices.begin() + below(choices.size()));
    }
    [[nodiscard]] std::uint64_t number() { return random_.next(); }

  private:
    Random random_;
};

class Timeline final : public Clock {
  public:
    using Action = std::function<void()>;

    explicit Timeline(std::uint64_t seed) : ties_(seed) {}

    [[nodiscard]] TimePoint now() const override { return now_; }
    [[nodiscard]] WallTime wall() const override {
        return WallTime{std::chrono::seconds(1'700'000'000)} +
               std::chrono::duration_cast<WallTime::duration>(elapsed() + wall_shift_);
    }
    /// Since the world began.
    [[nodiscard]] Duration elapsed() const { return now_ - begin; }

    void at(TimePoint when, Action action);
    void after(Duration wait, Action action) { at(now_ + wait, std::move(action)); }

    /// Moves to the next event and carries it out; false if there is none.
    bool step();
    [[nodiscard]] std::size_t waiting() const noexcept { return events_.size(); }

    /// Moves the wall clock alone, as an operator or NTP does.
    void jump_wall(Duration by) { wall_shift_ += by; }

  private:
    static constexpr TimePoint begin{std::chrono::hours(1)};
    struct Event {
        TimePoint when{};
        std::uint64_t tie = 0;
        Action action;
        [[nodiscard]] bool operator<(Event const& other) const {  // The heap's top is the earliest.
            return when != other.when ? when > other.when : tie > other.tie;
        }
    };

    Random ties_;
    TimePoint now_ = begin;
    Duration wall_shift_{};
    std::vector<Event> events_;  ///< A heap.
};

}  // namespace headrace::simulation
