// A bounded lock-free queue between one producer thread and one consumer thread, for values that
// can only be moved. Used between a route's consumer thread and its lanes.
// boost::lockfree::spsc_queue copies on push (Boost 1.81 to 1.86), which a record that owns its
// memory cannot do: see docs/decisions/0004-own-ring.md.
//
// Invariants:
//  1. head_ is written by the consumer only, tail_ by the producer only; both only grow.
//  2. Slots in [head_, tail_) hold values; all others are empty.
// Thread safety: try_push(), try_emplace() and room() by the producer, try_pop() and consume() by
// the consumer, size() by anybody (a snapshot).
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <utility>

namespace headrace::flow {

template <class T>
class SpscRing {
  public:
    /// Room for `capacity` values, rounded up to a power of two.
    explicit SpscRing(std::size_t capacity)
        : mask_(std::bit_ceil(capacity) - 1), slots_(std::make_unique<Slot[]>(mask_ + 1)) {}
    SpscRing(SpscRing const&) = delete;
    SpscRing& operator=(SpscRing const&) = delete;
    ~SpscRing() {
        while (try_pop()) {
        }
    }

    /// Moves the value in; false, with the value untouched, if the ring is full.
    [[nodiscard]] bool try_push(T&& value) { return try_emplace(std::move(value)); }

    /// Makes a value of `from` where it will stand; false, with `from` untouched, if the ring is
    /// full.
    template <class From>
    [[nodiscard]] bool try_emplace(From&& from) {
        auto const tail = tail_.load(std::memory_order_relaxed);
        if (tail - head_seen_ > mask_) {
            head_seen_ = head_.load(std::memory_order_acquire);
            if (tail - head_seen_ > mask_) return false;
        }
        new (slots_[tail & mask_].bytes) T(std::forward<From>(from));
        tail_.store(tail + 1, std::memory_order_release);
        return true;
    }

    /// How many values would find room at least.
    [[nodiscard]] std::size_t room() {
        head_seen_ = head_.load(std::memory_order_acquire);
        return mask_ + 1 - (tail_.load(std::memory_order_relaxed) - head_seen_);
    }

    /// Moves the oldest value out; nothing if the ring is empty.
    [[nodiscard]] std::optional<T> try_pop() {
        auto const head = head_.load(std::memory_order_relaxed);
        if (head == tail_seen_) {
            tail_seen_ = tail_.load(std::memory_order_acquire);
            if (head == tail_seen_) return std::nullopt;
        }
        T* const at = std::launder(reinterpret_cast<T*>(slots_[head & mask_].bytes));
        std::optional<T> value(std::move(*at));
        at->~T();
        head_.store(head + 1, std::memory_order_release);
        return value;
    }

    /// Hands up to `count_max` values, the oldest first, to `take(T&&)` where they stand, and ends
    /// them there; says how many. `take` may not use this ring's consuming side.
    template <class Take>
    std::size_t consume(std::size_t count_max, Take take) {
        return consume(count_max, std::move(take), [](T const&) {});
    }

    /// The same, and shows each value to `foresee(T const&)` some values before its turn.
    template <class Take, class Foresee>
    std::size_t consume(std::size_t count_max, Take take, Foresee foresee) {
        auto const first = head_.load(std::memory_order_relaxed);
        if (tail_seen_ - first < count_max) tail_seen_ = tail_.load(std::memory_order_acquire);
        auto const end = first + std::min(count_max, tail_seen_ - first);
        for (auto at = first; at != std::min(first + foresight, end); ++at)
            foresee(std::as_const(value_at(at)));
        for (auto at = first; at != end; ++at) {
            if (end - at > foresight) foresee(std::as_const(value_at(at + foresight)));
            T& value = value_at(at);
            take(std::move(value));
            value.~T();
            head_.store(at + 1, std::memory_order_release);
        }
        return end - first;
    }

    [[nodiscard]] std::size_t size() const noexcept {
        auto const head = head_.load(std::memory_order_acquire);
        auto const tail = tail_.load(std::memory_order_acquire);
        return tail > head ? tail - head : 0;
    }

  private:
    struct Slot {
        alignas(T) std::byte bytes[sizeof(T)];
    };
    T& value_at(std::size_t at) {
        return *std::launder(reinterpret_cast<T*>(slots_[at & mask_].bytes));
    }

    /// Long enough for bytes to come from memory, short enough for them to stay in the cache.
    static constexpr std::size_t foresight = 4;
    static constexpr std::size_t line = 64;  ///< Keeps the two sides' words out of one cache line.

    std::size_t const mask_;
    std::unique_ptr<Slot[]> slots_;
    alignas(line) std::atomic<std::size_t> head_{0};
    std::size_t tail_seen_ = 0;  ///< The consumer's last look at tail_.
    alignas(line) std::atomic<std::size_t> tail_{0};
    std::size_t head_seen_ = 0;  ///< The producer's last look at head_.
};

}  // namespace headrace::flow
