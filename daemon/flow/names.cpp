#include "flow/route_command.hpp"
#include "flow/route_snapshot.hpp"
#include "flow/sink.hpp"
#include "flow/verdict.hpp"

namespace headrace::flow {

std::string_view to_string(FailureReason reason) noexcept {
    switch (reason) {
        case FailureReason::none:
            return "none";
        case FailureReason::timeout:
            return "timeout";
        case FailureReason::connection:
            return "connection";
        case FailureReason::tls:
            return "tls";
        case FailureReason::throttled:
            return "throttled";
        case FailureReason::server_error:
            return "server_error";
        case FailureReason::rejected:
            return "rejected";
        case FailureReason::blocked:
            return "blocked";
        case FailureReason::bad_response:
            return "bad_response";
    }
    return "unknown";
}

std::string describe(Judgement const& judgement) {
    if (judgement.status.empty()) return judgement.message;
    return judgement.status + ": " + judgement.message;
}

std::string_view to_string(Stage stage) noexcept {
    switch (stage) {
        case Stage::decode:
            return "decode";
        case Stage::encode:
            return "encode";
        case Stage::write:
            return "write";
    }
    return "unknown";
}

std::string_view to_string(RouteAction action) noexcept {
    switch (action) {
        case RouteAction::pause:
            return "pause";
        case RouteAction::resume:
            return "resume";
        case RouteAction::drain:
            return "drain";
    }
    return "unknown";
}

std::string_view to_string(RouteState state) noexcept {
    switch (state) {
        case RouteState::flowing:
            return "flowing";
        case RouteState::throttled:
            return "throttled";
        case RouteState::broken:
            return "broken";
        case RouteState::blocked:
            return "blocked";
        case RouteState::suspect:
            return "suspect";
        case RouteState::paused:
            return "paused";
        case RouteState::stopped:
            return "stopped";
    }
    return "unknown";
}

std::string_view to_string(ConcurrencyChange change) noexcept {
    switch (change) {
        case ConcurrencyChange::more:
            return "more";
        case ConcurrencyChange::less:
            return "less";
        case ConcurrencyChange::throttled:
            return "throttled";
        case ConcurrencyChange::failing:
            return "failing";
        case ConcurrencyChange::recovered:
            return "recovered";
    }
    return "unknown";
}

std::string_view to_string(RateLimitKind kind) noexcept {
    switch (kind) {
        case RateLimitKind::requests:
            return "requests";
        case RateLimitKind::records:
            return "records";
        case RateLimitKind::bytes:
            return "bytes";
    }
    return "unknown";
}

}  // namespace headrace::flow
