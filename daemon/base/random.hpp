// A small, fast, seeded generator (splitmix64), so that jitter is a parameter and a simulation
// repeats itself. Used for jitter only, never for secrets. Thread safety: not thread-safe; each
// owner has its own.
#pragma once

#include <cstdint>

namespace headrace {

class Random {
  public:
    explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

    /// The next 64 bits.
    std::uint64_t next() noexcept {
        state_ += 0x9E3779B97F4A7C15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31);
    }

    /// A number in [0, 1).
    double unit() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  private:
    std::uint64_t state_;
};

}  // namespace headrace
