#include "flow/latency_window.hpp"

#include <algorithm>
#include <cmath>

namespace headrace::flow {
namespace {

constexpr unsigned number_shift = 32;
constexpr std::uint64_t begun_mask = (std::uint64_t{1} << number_shift) - 1;
/// One in so many may be missing when the window is ripe: who is much slower than all others.
constexpr std::uint32_t missing_share = 16;
/// The limit was felt by so many of eight.
constexpr std::uint32_t felt_eighths = 6;
/// Longer ones count as this; squares of them fit.
constexpr std::int64_t took_max_us = 60'000'000;

}  // namespace

void LatencyWindow::open(Plan plan) noexcept {
    auto const number = (begun_.load(std::memory_order_relaxed) >> number_shift) + 1;
    skip_.store(plan.skip, std::memory_order_relaxed);
    size_.store(plan.size, std::memory_order_relaxed);
    size_min_.store(plan.size_min, std::memory_order_relaxed);
    close_at_.store(plan.close_at.time_since_epoch().count(), std::memory_order_relaxed);
    for (auto* const count : {&ended_, &answered_, &felt_}) {
        count->store(0, std::memory_order_relaxed);
    }
    sum_us_.store(0, std::memory_order_relaxed);
    squares_us_.store(0, std::memory_order_relaxed);
    // 0 is no window's number.
    begun_.store(
        (number & begun_mask) == 0 ? std::uint64_t{1} << number_shift : number << number_shift,
        std::memory_order_release);
}

std::uint32_t LatencyWindow::members() const noexcept {
    auto const begun = begun_.load(std::memory_order_relaxed) & begun_mask;
    auto const skip = skip_.load(std::memory_order_relaxed);
    return begun <= skip ? 0
                         : static_cast<std::uint32_t>(std::min<std::uint64_t>(
                               begun - skip, size_.load(std::memory_order_relaxed)));
}

std::uint32_t LatencyWindow::begin(TimePoint now) noexcept {
    auto const members_now = members();
    if (members_now >= size_.load(std::memory_order_relaxed)) return 0;
    if (members_now >= size_min_.load(std::memory_order_relaxed) &&
        now.time_since_epoch().count() >= close_at_.load(std::memory_order_relaxed))
        return 0;
    auto const word = begun_.fetch_add(1, std::memory_order_acq_rel);
    auto const index = word & begun_mask;
    auto const skip = skip_.load(std::memory_order_relaxed);
    bool const is_member = index >= skip && index - skip < size_.load(std::memory_order_relaxed);
    return is_member ? static_cast<std::uint32_t>(word >> number_shift) : 0;
}

void LatencyWindow::add(std::uint32_t number, std::optional<Duration> took, bool is_felt) noexcept {
    if (number == 0 || number != begun_.load(std::memory_order_acquire) >> number_shift) return;
    if (is_felt) felt_.fetch_add(1, std::memory_order_relaxed);
    if (took) {
        auto const us = static_cast<std::uint64_t>(std::clamp<std::int64_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(*took).count(), 1, took_max_us));
        sum_us_.fetch_add(us, std::memory_order_relaxed);
        squares_us_.fetch_add(us * us, std::memory_order_relaxed);
        answered_.fetch_add(1, std::memory_order_relaxed);
    }
    ended_.fetch_add(1, std::memory_order_release);
}

bool LatencyWindow::is_ripe(TimePoint now) const noexcept {
    auto const of_it = members();
    if (of_it == 0 || of_it < size_min_.load(std::memory_order_relaxed)) return false;
    bool const is_closed =
        of_it >= size_.load(std::memory_order_relaxed) ||
        now.time_since_epoch().count() >= close_at_.load(std::memory_order_relaxed);
    return is_closed && ended_.load(std::memory_order_acquire) >= of_it - of_it / missing_share;
}

LatencyWindow::Result LatencyWindow::result() const noexcept {
    Result out;
    auto const ended = ended_.load(std::memory_order_acquire);
    out.answered = answered_.load(std::memory_order_relaxed);
    out.is_felt = felt_.load(std::memory_order_relaxed) * std::uint64_t{8} >=
                  ended * std::uint64_t{felt_eighths};
    if (out.answered == 0) return out;
    double const count = out.answered;
    double const mean = static_cast<double>(sum_us_.load(std::memory_order_relaxed)) / count;
    double const square = static_cast<double>(squares_us_.load(std::memory_order_relaxed)) / count;
    out.mean_secs = mean / 1e6;
    out.spread = std::sqrt(std::max(square - mean * mean, 0.0)) / mean;
    return out;
}

}  // namespace headrace::flow
