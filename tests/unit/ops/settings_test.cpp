#include "ops/settings.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::ops {

TEST_CASE("every log level and format is read back from its name") {
    for (auto const level : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error}) {
        CHECK(parse_log_level(to_string(level)) == level);
    }
    for (auto const format : {LogFormat::text, LogFormat::json}) {
        CHECK(parse_log_format(to_string(format)) == format);
    }
}

TEST_CASE("a name that is none is no log level and no format") {
    for (auto const* name : {"", "Info", "warning", "unknown", "text "}) {
        CHECK_FALSE(parse_log_level(name));
        CHECK_FALSE(parse_log_format(name));
    }
    CHECK(to_string(static_cast<LogLevel>(9)) == "unknown");
    CHECK(to_string(static_cast<LogFormat>(9)) == "unknown");
}

}  // namespace headrace::ops
