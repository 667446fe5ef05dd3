// What an HTTP status means where the body says nothing better; the same for every destination
// (public interface, section 3). Used by dialects. Thread safety: free functions, any thread.
#pragma once

#include "flow/verdict.hpp"

namespace headrace::sinks {

struct StatusMeaning {
    flow::Verdict verdict = flow::Verdict::blocked;
    flow::FailureReason reason = flow::FailureReason::blocked;
};

/// A 2xx is retry with bad_response: the status alone never proves a write.
[[nodiscard]] StatusMeaning meaning_of_status(int status) noexcept;

[[nodiscard]] constexpr bool is_success(int status) noexcept {
    return status >= 200 && status <= 299;
}

}  // namespace headrace::sinks
