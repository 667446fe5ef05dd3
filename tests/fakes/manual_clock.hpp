// A clock that moves only when a test moves it.
// Thread safety: now() and wall() may be read while another thread advances.
#pragma once

#include "base/clock.hpp"

#include <atomic>

namespace headrace::fakes {

class ManualClock final : public Clock {
  public:
    [[nodiscard]] TimePoint now() const override {
        return TimePoint{} + std::chrono::hours(1) + elapsed();
    }
    [[nodiscard]] WallTime wall() const override {
        return WallTime{std::chrono::seconds(1'700'000'000)} +
               std::chrono::duration_cast<WallTime::duration>(elapsed() +
                                                              Duration{wall_shift_.load()});
    }
    void advance(Duration by) { elapsed_ += by.count(); }
    /// Moves the wall clock alone, as an operator or NTP does.
    void jump_wall(Duration by) { wall_shift_ += by.count(); }

  private:
    [[nodiscard]] Duration elapsed() const { return Duration{elapsed_.load()}; }
    std::atomic<Duration::rep> elapsed_{0};
    std::atomic<Duration::rep> wall_shift_{0};
};

}  // namespace headrace::fakes
