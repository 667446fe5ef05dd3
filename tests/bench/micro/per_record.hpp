// What a micro-benchmark tells: nanoseconds and allocations of ours for each record that it took
// through. Used by every benchmark here. Thread safety: not thread-safe.
#pragma once

#include "allocations.hpp"

#include <benchmark/benchmark.h>
#include <cstdint>

namespace headrace::bench {

class PerRecord {
  public:
    explicit PerRecord(benchmark::State& state)
        : state_(state), allocations_before_(allocations()) {}
    PerRecord(PerRecord const&) = delete;
    PerRecord& operator=(PerRecord const&) = delete;
    ~PerRecord() {
        auto const calls = static_cast<double>(allocations() - allocations_before_);
        auto const records = static_cast<double>(records_);
        state_.counters["record"] =
            benchmark::Counter(records, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
        state_.counters["allocations"] = calls / records;
    }

    void add(std::uint64_t records) noexcept { records_ += records; }

  private:
    benchmark::State& state_;
    std::uint64_t const allocations_before_;
    std::uint64_t records_ = 0;
};

}  // namespace headrace::bench
