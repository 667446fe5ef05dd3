// Requests and moments for the emulators' tests, and a clock that stands still.
#pragma once

#include "emulator/faults.hpp"
#include "emulator/reply.hpp"

#include <string>
#include <utility>
#include <vector>

namespace headrace::emulator::test {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// 2026-11-21T09:00:00Z and some steady time, so many milliseconds later.
inline Moment at_ms(std::int64_t ms) {
    return {TimePoint{} + std::chrono::hours(1) + std::chrono::milliseconds(ms),
            WallTime{std::chrono::seconds(1'795'251'600) + std::chrono::milliseconds(ms)}};
}

inline http::ServerRequest request(std::string method, std::string target, std::string body = {},
                                   Headers headers = {}) {
    http::ServerRequest result;
    result.method = std::move(method);
    result.target = std::move(target);
    result.headers = std::move(headers);
    result.body = std::move(body);
    return result;
}

inline FaultRule fault(FaultKind kind) {
    FaultRule rule;
    rule.fault.kind = kind;
    return rule;
}

}  // namespace headrace::emulator::test
