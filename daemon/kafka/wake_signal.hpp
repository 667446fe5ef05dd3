// An eventfd that ends a wait: written once per burst by wake() from any thread, and by librdkafka
// when one of its queues gets something. Used by kafka_source; the sleep is poll(2). Thread safety:
// wake() from any thread; wait() from one.
#pragma once

#include "base/result.hpp"

#include <atomic>
#include <chrono>

namespace headrace::kafka {

class WakeSignal {
  public:
    WakeSignal();
    ~WakeSignal();
    WakeSignal(WakeSignal const&) = delete;
    WakeSignal& operator=(WakeSignal const&) = delete;

    /// What librdkafka writes eight bytes to; -1 if the machine had none left.
    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

    /// Ends the present or the next wait().
    void wake() noexcept;

    /// Sleeps until woken or `limit` has passed; true if woken.
    bool wait(std::chrono::milliseconds limit) noexcept;

  private:
    int descriptor_;
    std::atomic<bool> is_set_{false};
};

}  // namespace headrace::kafka
