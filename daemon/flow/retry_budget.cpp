#include "flow/retry_budget.hpp"

#include <algorithm>

namespace headrace::flow {
namespace {

constexpr Duration second = std::chrono::seconds(1);

}  // namespace

RetryBudget::RetryBudget(std::uint32_t percent) noexcept : share_(percent) {}

void RetryBudget::on_success() noexcept {
    // Mostly it is full, and then nothing is written.
    add(share_);
}

bool RetryBudget::try_take(TimePoint now) noexcept {
    refill(now);
    auto tokens = tokens_.load(std::memory_order_relaxed);
    while (tokens >= unit) {
        if (tokens_.compare_exchange_weak(tokens, tokens - unit, std::memory_order_acq_rel))
            return true;
    }
    return false;
}

TimePoint RetryBudget::next(TimePoint now) const noexcept {
    auto const missing = std::max<std::int64_t>(unit - tokens_.load(std::memory_order_relaxed), 1);
    return now + second * missing / (unit * reserve_per_sec) + std::chrono::milliseconds(1);
}

void RetryBudget::refill(TimePoint now) noexcept {
    auto const present = now.time_since_epoch().count();
    auto last = refilled_at_.load(std::memory_order_relaxed);
    auto const elapsed = std::min(Duration{present - last}, saved_max / reserve_per_sec * second);
    auto const earned = elapsed * unit * reserve_per_sec / second;
    if (earned <= 0) return;
    // Who moves the time first adds what it earned.
    if (refilled_at_.compare_exchange_strong(last, present, std::memory_order_acq_rel)) add(earned);
}

void RetryBudget::add(std::int64_t hundredths) noexcept {
    auto tokens = tokens_.load(std::memory_order_relaxed);
    while (tokens < saved_max * unit) {
        auto const more = std::min(tokens + hundredths, saved_max * unit);
        if (tokens_.compare_exchange_weak(tokens, more, std::memory_order_acq_rel)) return;
    }
}

}  // namespace headrace::flow
