/// A histogram of microseconds with 3 % wide buckets: one thread adds, any thread reads.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace headrace::bench {

class Latencies {
  public:
    void add(std::uint64_t micros) {
        auto& count = counts_[index_of(micros)];
        count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    void clear() {
        for (auto& count : counts_)
            count.store(0, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t count_at(std::size_t index) const {
        return counts_[index].load(std::memory_order_relaxed);
    }

    static constexpr std::size_t steps = 32;  ///< Buckets for each doubling.
    static constexpr std::size_t size = 48 * steps;

    /// The upper end of a bucket.
    [[nodiscard]] static double micros_at(std::size_t index) {
        auto const doubling = index / steps;
        auto const step = static_cast<double>(index % steps + 1);
        if (doubling == 0) return step;
        return static_cast<double>(std::uint64_t{1} << (doubling - 1)) * (steps + step);
    }

  private:
    [[nodiscard]] static std::size_t index_of(std::uint64_t micros) {
        if (micros < steps) return micros;
        auto const doubling = static_cast<std::size_t>(std::bit_width(micros)) - 5;
        auto const step = (micros >> (doubling - 1)) - steps;
        auto const index = doubling * steps + step;
        return index < size ? index : size - 1;
    }

    std::array<std::atomic<std::uint64_t>, size> counts_{};
};

}  // namespace headrace::bench
