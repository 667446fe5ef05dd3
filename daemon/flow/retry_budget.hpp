// How many retries a destination gets while others of its requests succeed: a share of the
// successes, and a few a second besides, so that a destination that fails half of the time is not
// pressed with twice the traffic. A token bucket; what finds no token waits, nothing is given up.
// Used by the gate. It says nothing about one batch's backoff. Thread safety: every method from any
// thread; no lock.
#pragma once

#include "base/clock.hpp"

#include <atomic>
#include <cstdint>

namespace headrace::flow {

class RetryBudget {
  public:
    /// `percent`: retries for a hundred successes; see `retry.budget_percent`.
    explicit RetryBudget(std::uint32_t percent) noexcept;

    void on_success() noexcept;
    /// Takes one retry out of the budget; false if it must wait.
    [[nodiscard]] bool try_take(TimePoint now) noexcept;
    /// When to ask again after try_take() said no.
    [[nodiscard]] TimePoint next(TimePoint now) const noexcept;

    /// What is granted without any success.
    static constexpr std::int64_t reserve_per_sec = 10;
    /// What is saved up at most.
    static constexpr std::int64_t saved_max = 100;

  private:
    void refill(TimePoint now) noexcept;
    void add(std::int64_t hundredths) noexcept;

    static constexpr std::int64_t unit = 100;  ///< Tokens are kept in hundredths.
    std::int64_t const share_;
    std::atomic<std::int64_t> tokens_{saved_max * unit};
    std::atomic<Duration::rep> refilled_at_{0};
};

}  // namespace headrace::flow
