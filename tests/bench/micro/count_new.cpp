// Counts the calls of operator new of a program that was built without this: LD_PRELOAD it, and
// name in COUNT_NEW_FILE a file whose first eight bytes will be the count, at any moment. With
// COUNT_NEW_TRACE=N, N calls say on stderr where they come from after SIGUSR2. For the daemon under
// load: its own allocations and Asio's are counted, malloc of librdkafka is not.
#include "allocations.hpp"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

namespace headrace::bench {
namespace {

int calls_to_trace = 0;

void begin_trace(int) {
    trace_next(calls_to_trace);
}

[[gnu::constructor]] void begin() {
    char const* const path = std::getenv("COUNT_NEW_FILE");
    if (path == nullptr) return;
    int const file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, sizeof(std::atomic<std::uint64_t>)) != 0) return;
    void* const shared = mmap(nullptr, sizeof(std::atomic<std::uint64_t>), PROT_READ | PROT_WRITE,
                              MAP_SHARED, file, 0);
    close(file);
    if (shared == MAP_FAILED) return;
    count_in(*new (shared) std::atomic<std::uint64_t>(0));
    char const* const calls = std::getenv("COUNT_NEW_TRACE");
    if (calls == nullptr) return;
    calls_to_trace = std::atoi(calls);
    trace_next(0);
    std::signal(SIGUSR2, begin_trace);
}

}  // namespace
}  // namespace headrace::bench
