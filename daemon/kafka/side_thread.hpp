// A thread for librdkafka's calls that wait (committed offsets, watermarks, metadata, destruction),
// so that the consumer thread never does. Jobs run one after the other; a job that retries sleeps
// with pause(), which ends when the thread is told to stop. Used by consumer_client. If it cannot
// be joined in time it is left behind with all it needs to finish. Thread safety: every member from
// any thread; jobs run on the side thread.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace headrace::kafka {

class SideThread {
  public:
    /// What a job may ask of its thread.
    class Inside {
      public:
        virtual ~Inside() = default;
        /// Sleeps; false if the thread is to stop.
        virtual bool pause(std::chrono::milliseconds duration) = 0;
        [[nodiscard]] virtual bool is_stopping() = 0;
    };
    using Job = std::function<void(Inside&)>;

    SideThread();
    ~SideThread();
    SideThread(SideThread const&) = delete;
    SideThread& operator=(SideThread const&) = delete;

    void post(Job job);

    /// Throws the waiting jobs away and tells the running one to stop.
    void cancel();

    /// Ends after the running job, throws the waiting ones away, runs `last` and waits for it up to
    /// `limit`; true if it was done. Later calls wait for the same end.
    bool finish(std::function<void()> last, std::chrono::milliseconds limit);

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace headrace::kafka
