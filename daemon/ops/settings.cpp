#include "ops/settings.hpp"

namespace headrace::ops {

std::string_view to_string(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warn:
            return "warn";
        case LogLevel::error:
            return "error";
    }
    return "unknown";
}

std::optional<LogLevel> parse_log_level(std::string_view name) noexcept {
    for (auto const level : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error}) {
        if (to_string(level) == name) return level;
    }
    return std::nullopt;
}

std::string_view to_string(LogFormat format) noexcept {
    switch (format) {
        case LogFormat::text:
            return "text";
        case LogFormat::json:
            return "json";
    }
    return "unknown";
}

std::optional<LogFormat> parse_log_format(std::string_view name) noexcept {
    for (auto const format : {LogFormat::text, LogFormat::json}) {
        if (to_string(format) == name) return format;
    }
    return std::nullopt;
}

}  // namespace headrace::ops
