#include "kafka/side_thread.hpp"

#include "base/thread_name.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace headrace::kafka {

struct SideThread::State final : Inside {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Job> jobs;
    std::function<void()> last;
    bool cancelled = false;
    bool stopping = false;
    bool done = false;

    bool pause(std::chrono::milliseconds duration) override {
        std::unique_lock lock{mutex};
        return !changed.wait_for(lock, duration, [this] { return cancelled; });
    }
    bool is_stopping() override {
        std::lock_guard const lock{mutex};
        return cancelled;
    }
    void run() {
        std::unique_lock lock{mutex};
        while (true) {
            changed.wait(lock, [this] { return stopping || !jobs.empty(); });
            if (stopping) break;
            auto job = std::exchange(jobs.front(), nullptr);
            jobs.pop_front();
            bool const is_wanted = !cancelled;
            lock.unlock();
            if (is_wanted) job(*this);
            job = nullptr;  // What it holds may take long to destroy, too.
            lock.lock();
        }
        jobs.clear();
        auto const end = std::exchange(last, nullptr);
        lock.unlock();
        if (end) end();
        lock.lock();
        done = true;
        changed.notify_all();
    }
};

SideThread::SideThread() : state_(std::make_shared<State>()) {
    // Detached on purpose: a call into librdkafka cannot be interrupted, and the drain has a
    // deadline.
    std::thread([state = state_] {
        name_thread("hr-kafka-side");
        state->run();
    }).detach();
}

SideThread::~SideThread() {
    finish(nullptr, std::chrono::milliseconds{0});
}

void SideThread::post(Job job) {
    std::lock_guard const lock{state_->mutex};
    if (state_->cancelled) return;
    state_->jobs.push_back(std::move(job));
    state_->changed.notify_all();
}

void SideThread::cancel() {
    std::lock_guard const lock{state_->mutex};
    state_->cancelled = true;
    state_->changed.notify_all();
}

bool SideThread::finish(std::function<void()> last, std::chrono::milliseconds limit) {
    std::unique_lock lock{state_->mutex};
    if (!state_->stopping) {
        state_->stopping = true;
        state_->cancelled = true;
        state_->last = std::move(last);
        state_->changed.notify_all();
    }
    return state_->changed.wait_for(lock, limit, [this] { return state_->done; });
}

}  // namespace headrace::kafka
