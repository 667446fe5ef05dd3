// Where side threads leave what the consumer thread is to do with their answers; serve() runs it
// there. Internal to this folder. Thread safety: post() from any thread; run() and close() on the
// consumer thread.
#pragma once

#include "flow/source.hpp"

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace headrace::kafka {

class AnswerBox {
  public:
    using Answer = std::function<void(flow::SourceListener&)>;

    explicit AnswerBox(std::function<void()> wake) : wake_(std::move(wake)) {}

    /// Leaves an answer and wakes the consumer thread; after close() it is thrown away.
    void post(Answer answer) {
        std::lock_guard const lock{mutex_};
        if (is_closed_) return;
        answers_.push_back(std::move(answer));
        wake_();
    }

    void run(flow::SourceListener& listener) {
        std::vector<Answer> due;
        {
            std::lock_guard const lock{mutex_};
            due.swap(answers_);
        }
        for (auto const& answer : due)
            answer(listener);
    }

    void close() {
        std::lock_guard const lock{mutex_};
        is_closed_ = true;
        answers_.clear();
    }

  private:
    std::mutex mutex_;
    std::function<void()> wake_;
    std::vector<Answer> answers_;
    bool is_closed_ = false;
};

}  // namespace headrace::kafka
