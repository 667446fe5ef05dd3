#include "ops/flow_report.hpp"

#include <utility>

namespace headrace::ops {
namespace {

LogLevel level_of(flow::Severity severity) noexcept {
    switch (severity) {
        case flow::Severity::debug:
            return LogLevel::debug;
        case flow::Severity::info:
            return LogLevel::info;
        case flow::Severity::warning:
            return LogLevel::warn;
        case flow::Severity::error:
            return LogLevel::error;
    }
    return LogLevel::error;
}

}  // namespace

flow::Report make_report(RateLimitedLog& log, std::string route) {
    return [&log, route = std::move(route)](flow::Severity severity, std::string_view kind,
                                            std::string const& message) {
        log.write(level_of(severity), route, kind, message);
    };
}

}  // namespace headrace::ops
