#include "sinks/answer_status.hpp"

namespace headrace::sinks {

StatusMeaning meaning_of_status(int status) noexcept {
    using flow::FailureReason;
    using flow::Verdict;
    switch (status) {
        case 400:
        case 413:
        case 422:
            return {Verdict::split, FailureReason::rejected};
        case 429:
            return {Verdict::retry, FailureReason::throttled};
        case 408:
        case 425:
            return {Verdict::retry, FailureReason::server_error};
        case 501:
        case 505:
            return {Verdict::blocked, FailureReason::blocked};
        default:
            break;
    }
    if (is_success(status)) return {Verdict::retry, FailureReason::bad_response};
    if (status >= 500 && status <= 599) return {Verdict::retry, FailureReason::server_error};
    return {Verdict::blocked, FailureReason::blocked};
}

}  // namespace headrace::sinks
