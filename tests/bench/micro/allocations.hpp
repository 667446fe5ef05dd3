// How often this program asked for memory through operator new, which is replaced in
// allocations.cpp: our own allocations, Asio's and the standard library's. malloc called by a C
// library is not counted. Used by the micro-benchmarks and by the test of the steady path. Thread
// safety: any thread; the count is the whole program's.
#pragma once

#include <cstdint>

namespace headrace::bench {

/// Calls of operator new since the program began.
[[nodiscard]] std::uint64_t allocations() noexcept;

/// While one of these lives, each of the next `first` allocations writes where it comes from to
/// stderr.
class AllocationTrace {
  public:
    explicit AllocationTrace(int first) noexcept;
    ~AllocationTrace();
    AllocationTrace(AllocationTrace const&) = delete;
    AllocationTrace& operator=(AllocationTrace const&) = delete;
};

}  // namespace headrace::bench
