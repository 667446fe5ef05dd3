#include "ops/reasons.hpp"

#include "flow/route_snapshot.hpp"

namespace headrace::ops {

std::vector<std::string_view> failure_reasons() {
    std::vector<std::string_view> names;
    // The first one is "none".
    for (std::size_t at = 1; at < flow::failure_reason_count; ++at) {
        names.push_back(flow::to_string(static_cast<flow::FailureReason>(at)));
    }
    return names;
}

std::vector<std::string_view> state_names() {
    std::vector<std::string_view> names;
    for (std::size_t at = 0; at < flow::route_state_count; ++at) {
        names.push_back(flow::to_string(static_cast<flow::RouteState>(at)));
    }
    return names;
}

std::vector<std::string_view> concurrency_changes() {
    std::vector<std::string_view> names;
    for (std::size_t at = 0; at < flow::concurrency_change_count; ++at) {
        names.push_back(flow::to_string(static_cast<flow::ConcurrencyChange>(at)));
    }
    return names;
}

std::vector<std::string_view> rate_limits() {
    std::vector<std::string_view> names;
    for (std::size_t at = 0; at < flow::rate_limit_count; ++at) {
        names.push_back(flow::to_string(static_cast<flow::RateLimitKind>(at)));
    }
    return names;
}

}  // namespace headrace::ops
