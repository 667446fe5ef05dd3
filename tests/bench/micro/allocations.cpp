#include "allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <execinfo.h>
#include <new>
#include <unistd.h>

namespace headrace::bench {
namespace {

constinit std::atomic<std::uint64_t> own_count{0};
constinit std::atomic<std::atomic<std::uint64_t>*> count{&own_count};
constinit std::atomic<int> to_trace{0};

void trace() noexcept {
    constexpr int depth = 24;
    void* frames[depth];
    int const found = backtrace(frames, depth);
    backtrace_symbols_fd(frames, found, STDERR_FILENO);
    constexpr char line[] = "---- one allocation ----\n";
    [[maybe_unused]] auto const written = write(STDERR_FILENO, line, sizeof line - 1);
}

/// Null if there is none left.
void* allocate(std::size_t size, std::align_val_t alignment) noexcept {
    count.load(std::memory_order_relaxed)->fetch_add(1, std::memory_order_relaxed);
    if (to_trace.load(std::memory_order_relaxed) > 0 && to_trace.fetch_sub(1) > 0) trace();
    auto const unit = static_cast<std::size_t>(alignment);
    std::size_t const asked = size == 0 ? 1 : size;
    if (unit <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return std::malloc(asked);
    return std::aligned_alloc(unit, (asked + unit - 1) & ~(unit - 1));
}

void* allocate_or_throw(std::size_t size, std::align_val_t alignment) {
    if (void* const memory = allocate(size, alignment)) return memory;
    throw std::bad_alloc();
}

constexpr std::align_val_t usual{__STDCPP_DEFAULT_NEW_ALIGNMENT__};

}  // namespace

std::uint64_t allocations() noexcept {
    return count.load(std::memory_order_relaxed)->load(std::memory_order_relaxed);
}

void count_in(std::atomic<std::uint64_t>& counter) noexcept {
    counter.store(own_count.load());
    count = &counter;
}

void trace_next(int calls) noexcept {
    // The first call loads a library, which asks for memory itself.
    void* frame = nullptr;
    backtrace(&frame, 1);
    to_trace = calls;
}

}  // namespace headrace::bench

// Every form, so that no memory of one allocator is given back to another: a sanitizer has its own.
void* operator new(std::size_t size) {
    return headrace::bench::allocate_or_throw(size, headrace::bench::usual);
}
void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
    return headrace::bench::allocate(size, headrace::bench::usual);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return headrace::bench::allocate_or_throw(size, alignment);
}
void* operator new(std::size_t size, std::align_val_t alignment, std::nothrow_t const&) noexcept {
    return headrace::bench::allocate(size, alignment);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::nothrow_t const&) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t, std::nothrow_t const&) noexcept {
    std::free(memory);
}
void* operator new[](std::size_t size) {
    return headrace::bench::allocate_or_throw(size, headrace::bench::usual);
}
void* operator new[](std::size_t size, std::nothrow_t const&) noexcept {
    return headrace::bench::allocate(size, headrace::bench::usual);
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return headrace::bench::allocate_or_throw(size, alignment);
}
void* operator new[](std::size_t size, std::align_val_t alignment, std::nothrow_t const&) noexcept {
    return headrace::bench::allocate(size, alignment);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::nothrow_t const&) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::align_val_t, std::nothrow_t const&) noexcept {
    std::free(memory);
}
