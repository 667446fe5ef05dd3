// How long the destination takes at one concurrency: a window over the requests begun since it was
// opened. It closes after so many, or after a time, and is ripe when nearly all of its requests
// have ended: quick answers do not crowd out slow ones, as they would if it ended at a moment. Used
// by the concurrency limit. Thread safety: begin(), add() and is_ripe() from any thread, without a
// lock; open() and result() from one thread at a time.
#pragma once

#include "base/clock.hpp"

#include <atomic>
#include <cstdint>
#include <optional>

namespace headrace::flow {

class LatencyWindow {
  public:
    struct Plan {
        std::uint32_t skip = 0;      ///< The first ones, which do not meet the new concurrency yet.
        std::uint32_t size = 0;      ///< At most so many after them.
        std::uint32_t size_min = 0;  ///< With fewer it does not close.
        TimePoint close_at{};        ///< Later ones are not of it.
    };
    void open(Plan plan) noexcept;

    /// A request goes out. Gives its number in the window, 0: it is not of it.
    [[nodiscard]] std::uint32_t begin(TimePoint now) noexcept;

    /// It has ended. `took`: nothing, if its time says nothing of the others'. `is_felt`: the limit
    /// was reached then.
    void add(std::uint32_t number, std::optional<Duration> took, bool is_felt) noexcept;

    [[nodiscard]] bool is_ripe(TimePoint now) const noexcept;

    struct Result {
        std::uint32_t answered = 0;
        double mean_secs = 0;  ///< Of those answered.
        double spread = 0;     ///< Standard deviation ÷ mean.
        bool is_felt = false;  ///< The limit was reached nearly always.
    };
    [[nodiscard]] Result result() const noexcept;

  private:
    [[nodiscard]] std::uint32_t members() const noexcept;

    /// The window's number and, below, the requests begun: one word, so that no request is counted
    /// in one window and ends in another.
    std::atomic<std::uint64_t> begun_{0};
    std::atomic<std::uint32_t> skip_{0};
    std::atomic<std::uint32_t> size_{0};
    std::atomic<std::uint32_t> size_min_{0};
    std::atomic<Duration::rep> close_at_{0};
    std::atomic<std::uint32_t> ended_{0};
    std::atomic<std::uint32_t> answered_{0};
    std::atomic<std::uint32_t> felt_{0};
    std::atomic<std::uint64_t> sum_us_{0};
    std::atomic<std::uint64_t> squares_us_{0};
};

}  // namespace headrace::flow
