// How often this program asked for memory through operator new, which is replaced in
// allocations.cpp: our own allocations, Asio's and the standard library's. malloc called by a C
// library is not counted. Used by the micro-benchmarks and by the test of the steady path. Thread
// safety: any thread; the count is the whole program's.
#pragma once

#include <atomic>
#include <cstdint>

namespace headrace::bench {

/// Calls of operator new since the program began.
[[nodiscard]] std::uint64_t allocations() noexcept;

/// Counts on in `counter`, which outlives the program.
void count_in(std::atomic<std::uint64_t>& counter) noexcept;

/// Lets each of the next `calls` allocations write where it comes from to stderr.
void trace_next(int calls) noexcept;

}  // namespace headrace::bench
