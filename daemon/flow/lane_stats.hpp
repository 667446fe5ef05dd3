// Counters and histograms of one lane, written by its worker and read at scrape time. Each has one
// writer, so that a plain load and store is enough: nothing on the path of a record pays for a
// locked instruction. Thread safety: the lane's worker writes, any thread reads.
#pragma once

#include "flow/route_snapshot.hpp"
#include "flow/troubles.hpp"
#include "flow/verdict.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

namespace headrace::flow {

/// A counter with one writer.
class Counter {
  public:
    void add(std::uint64_t by) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t value() const noexcept {
        return value_.load(std::memory_order_relaxed);
    }

  private:
    std::atomic<std::uint64_t> value_{0};
};

/// Upper bounds of histogram buckets; the last bucket is +Inf.
inline constexpr std::array<double, 16> seconds_bounds{
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};
inline constexpr std::array<double, 14> records_bounds{1,   2,   5,   10,   20,   40,   80,
                                                       160, 320, 640, 1000, 2000, 5000, 10000};

/// A histogram with one writer over fixed bounds.
template <std::size_t N>
class Histogram {
  public:
    explicit constexpr Histogram(std::array<double, N> const& bounds) noexcept : bounds_(bounds) {}

    void observe(double value, std::uint64_t times = 1) noexcept {
        std::size_t bucket = 0;
        while (bucket < N && value > bounds_[bucket]) {
            ++bucket;
        }
        counts_[bucket].add(times);
        sum_.store(sum_.load(std::memory_order_relaxed) + value * static_cast<double>(times),
                   std::memory_order_relaxed);
    }

    /// Adds this histogram to `out`, whose buckets are cumulative.
    void add_to(HistogramSnapshot& out) const {
        if (out.bounds.empty()) {
            out.bounds.assign(bounds_.begin(), bounds_.end());
            out.counts.assign(N + 1, 0);
        }
        std::uint64_t total = 0;
        for (std::size_t i = 0; i <= N; ++i) {
            total += counts_[i].value();
            out.counts[i] += total;
        }
        out.sum += sum_.load(std::memory_order_relaxed);
    }

  private:
    std::array<double, N> const& bounds_;
    std::array<Counter, N + 1> counts_;
    std::atomic<double> sum_{0};
};

struct LaneStats {
    Counter write_requests;
    Counter check_requests;
    std::array<Counter, failure_reason_count> write_errors;
    std::array<Counter, failure_reason_count> retried_records;
    Histogram<seconds_bounds.size()> write_duration_seconds{seconds_bounds};
    Histogram<seconds_bounds.size()> end_to_end_seconds{seconds_bounds};
    Histogram<records_bounds.size()> batch_records{records_bounds};
    std::atomic<std::uint64_t> requests_in_flight{0};
    std::atomic<std::uint64_t> backlog_records{
        0};  ///< In open batches: ready to be sent but for a permit.
    std::atomic<std::uint64_t> blocked_bytes{0};  ///< Of records that wait for a missing target.
    Troubles troubles;

    void add_to(RouteSnapshot& out) const;
};

}  // namespace headrace::flow
