// Why records that were sent are still open: attempts and last error of the first record of each
// partition in a request that failed. Written by a lane's delivery, read at scrape time for the
// offset that holds a commit back. Bounded: what finds no room is simply not explained. Thread
// safety: every method from any thread; while nothing is in trouble no lock is taken.
#pragma once

#include "flow/record.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace headrace::flow {

struct Trouble {
    unsigned attempts = 0;  ///< Requests that carried the record so far.
    std::string error;
};

class Troubles {
  public:
    void note(std::uint32_t slot, Offset offset, Trouble trouble) {
        std::lock_guard const lock(mutex_);
        auto const key = std::pair(slot, offset);
        if (by_record_.size() >= records_max && !by_record_.contains(key)) return;
        by_record_.insert_or_assign(key, std::move(trouble));
        is_empty_.store(false, std::memory_order_relaxed);
    }

    /// The record is no longer open here.
    void forget(std::uint32_t slot, Offset offset) {
        if (is_empty_.load(std::memory_order_relaxed)) return;
        std::lock_guard const lock(mutex_);
        by_record_.erase(std::pair(slot, offset));
        is_empty_.store(by_record_.empty(), std::memory_order_relaxed);
    }

    [[nodiscard]] std::optional<Trouble> find(std::uint32_t slot, Offset offset) const {
        if (is_empty_.load(std::memory_order_relaxed)) return std::nullopt;
        std::lock_guard const lock(mutex_);
        auto const found = by_record_.find(std::pair(slot, offset));
        if (found == by_record_.end()) return std::nullopt;
        return found->second;
    }

    static constexpr std::size_t records_max = 4096;

  private:
    mutable std::mutex mutex_;  ///< Guards by_record_.
    std::map<std::pair<std::uint32_t, Offset>, Trouble> by_record_;
    std::atomic<bool> is_empty_{true};
};

}  // namespace headrace::flow
