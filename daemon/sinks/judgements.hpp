// The few forms that a dialect's judgement takes, so that each is written in one line. Used by
// dialects and HttpSink. Thread safety: free functions, any thread.
#pragma once

#include "flow/verdict.hpp"

#include <string>
#include <utility>

namespace headrace::sinks {

[[nodiscard]] inline flow::Judgement judge_as(flow::Verdict verdict, flow::FailureReason reason,
                                              std::string message) {
    flow::Judgement judgement;
    judgement.verdict = verdict;
    judgement.reason = reason;
    judgement.message = std::move(message);
    return judgement;
}

[[nodiscard]] inline flow::Judgement judge_delivered() {
    return judge_as(flow::Verdict::delivered, flow::FailureReason::none, {});
}

[[nodiscard]] inline flow::Judgement judge_rejected(std::string message) {
    return judge_as(flow::Verdict::split, flow::FailureReason::rejected, std::move(message));
}

[[nodiscard]] inline flow::Judgement judge_blocked(flow::BlockScope scope, std::string message) {
    flow::Judgement judgement =
        judge_as(flow::Verdict::blocked, flow::FailureReason::blocked, std::move(message));
    judgement.scope = scope;
    return judgement;
}

/// A limit that holds the whole destination for a while.
[[nodiscard]] inline flow::Judgement judge_throttled(Duration hold, std::string message) {
    flow::Judgement judgement =
        judge_as(flow::Verdict::retry, flow::FailureReason::throttled, std::move(message));
    judgement.retry_after = hold;
    return judgement;
}

}  // namespace headrace::sinks
