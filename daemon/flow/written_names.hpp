// How many requests were written to each name (stream source, collection, partition) of a route, by
// all of its lanes: the evidence that a failure is a record's fault and not the destination's, and
// that a missing name is a record's fault and not the configuration's. Owned by the gate, used by
// delivery. Thread safety: every method from any thread; a lock only in find().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace headrace::flow {

class WrittenNames {
  public:
    class Name {
      public:
        [[nodiscard]] std::uint64_t requests() const noexcept {
            return requests_.load(std::memory_order_acquire);
        }

      private:
        friend class WrittenNames;
        std::atomic<std::uint64_t> requests_{0};
    };

    /// The entry of `name`, made if it is new; it lives as long as this object. As many as records
    /// name: the sinks bound that.
    [[nodiscard]] Name& find(std::string_view name) {
        std::lock_guard const lock(mutex_);
        auto found = names_.find(name);
        if (found == names_.end()) found = names_.try_emplace(std::string(name)).first;
        return found->second;
    }

    /// One more request to it was written.
    void add(Name& name) noexcept {
        if (name.requests_.fetch_add(1, std::memory_order_acq_rel) == 0)
            different_.fetch_add(1, std::memory_order_acq_rel);
    }

    /// Whether any other name was written.
    [[nodiscard]] bool has_other_than(Name const& name) const noexcept {
        std::uint32_t const own = name.requests() != 0 ? 1 : 0;
        return different_.load(std::memory_order_acquire) > own;
    }

  private:
    std::mutex mutex_;  ///< Guards the map, not its values.
    std::map<std::string, Name, std::less<>> names_;
    std::atomic<std::uint32_t> different_{0};
};

}  // namespace headrace::flow
