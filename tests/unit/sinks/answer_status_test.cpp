#include "sinks/answer_status.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::sinks {
namespace {

TEST_CASE("every status has exactly one meaning, as the public table says") {
    for (int status = -1; status < 1000; ++status) {
        INFO(status);
        auto const [verdict, reason] = meaning_of_status(status);
        if (status == 400 || status == 413 || status == 422) {
            CHECK(verdict == flow::Verdict::split);
            CHECK(reason == flow::FailureReason::rejected);
        } else if (status == 429) {
            CHECK(verdict == flow::Verdict::retry);
            CHECK(reason == flow::FailureReason::throttled);
        } else if (is_success(status)) {
            CHECK(verdict == flow::Verdict::retry);
            CHECK(reason == flow::FailureReason::bad_response);
        } else if (status == 408 || status == 425 ||
                   (status >= 500 && status < 600 && status != 501 && status != 505)) {
            CHECK(verdict == flow::Verdict::retry);
            CHECK(reason == flow::FailureReason::server_error);
        } else {
            CHECK(verdict == flow::Verdict::blocked);
            CHECK(reason == flow::FailureReason::blocked);
        }
    }
}

}  // namespace
}  // namespace headrace::sinks
