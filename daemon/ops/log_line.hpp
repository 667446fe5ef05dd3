// One log line as bytes: fields, escaping, length limit. Used by Log; knows neither levels' order
// nor where lines go. A line is one line whatever its fields hold: control characters,
// bidirectional overrides and bytes that are not UTF-8 are escaped, so that a hostile payload
// cannot forge lines. Thread safety: free functions without state.
#pragma once

#include "base/clock.hpp"
#include "ops/settings.hpp"

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace headrace::ops {

/// A field's value; text is only looked at during the call.
class LogValue {
  public:
    LogValue(bool value) noexcept : value_(value) {}
    LogValue(double value) noexcept : value_(value) {}
    template <std::signed_integral T>
    LogValue(T value) noexcept : value_(std::int64_t{value}) {}
    template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>) LogValue(T value)
    noexcept : value_(std::uint64_t{value}) {}
    LogValue(std::string_view value) noexcept : value_(value) {}
    LogValue(std::string const& value) noexcept : value_(std::string_view(value)) {}
    LogValue(char const* value) noexcept : value_(std::string_view(value)) {}

    using Variant = std::variant<bool, double, std::int64_t, std::uint64_t, std::string_view>;
    [[nodiscard]] Variant const& get() const noexcept { return value_; }

  private:
    Variant value_;
};

/// A key of lower-case letters, digits and `_`, other than time, level, event and msg.
struct LogField {
    std::string_view key;
    LogValue value;
};

/// What a line says besides when.
struct LogEvent {
    LogLevel level = LogLevel::info;
    std::string_view kind;     ///< Stable name of the kind of message, such as route_blocked.
    std::string_view message;  ///< One sentence for people.
    std::span<LogField const> fields;
};

/// Longest line with its line break: what a pipe takes in one piece (PIPE_BUF), so that lines of
/// several processes never mix and a write never waits half way.
inline constexpr std::size_t log_line_bytes_max = 4096;
/// Fields of a line; more are left out.
inline constexpr std::size_t log_fields_max = 16;

/// The line with its line break. Long texts are cut, with `…` at the end, until it fits.
[[nodiscard]] std::string format_log_line(LogFormat format, WallTime time, LogEvent const& event);

/// The line as text, but for time and level: where these are kept beside it.
[[nodiscard]] std::string format_undated_line(LogEvent const& event);

}  // namespace headrace::ops
