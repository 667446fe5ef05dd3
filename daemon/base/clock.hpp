// Time as a parameter: everything that reads the time takes a Clock, so that the whole flow runs in
// tests with a clock moved by hand. The only place that reads the machine's clocks is clock.cpp.
// Thread safety: SystemClock may be used from any thread.
#pragma once

#include <chrono>
#include <cstdint>

namespace headrace {

using Duration = std::chrono::steady_clock::duration;
/// A point on the monotonic clock: for waits, ages and deadlines.
using TimePoint = std::chrono::steady_clock::time_point;
/// A point on the wall clock: for what people and Kafka read; it may jump.
using WallTime = std::chrono::system_clock::time_point;

class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual TimePoint now() const = 0;
    [[nodiscard]] virtual WallTime wall() const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
  public:
    [[nodiscard]] TimePoint now() const override;
    [[nodiscard]] WallTime wall() const override;
};

/// Milliseconds since the Unix epoch, Kafka's unit.
[[nodiscard]] constexpr std::int64_t epoch_ms(WallTime time) noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

/// A seed from the machine's entropy source, for the one generator that the daemon hands down.
[[nodiscard]] std::uint64_t entropy_seed();

}  // namespace headrace
