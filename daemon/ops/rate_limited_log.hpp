// A log for what may happen often: per route and kind of message the first is written at once, then
// at most one in an interval, with the number of those that were suppressed in between. Used by
// whoever reports per record, request or retry; single events go to Log directly.
// Thread safety: any thread.
#pragma once

#include "base/clock.hpp"
#include "ops/log.hpp"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace headrace::ops {

class RateLimitedLog {
  public:
    /// Pairs of route and kind that are told apart; all further ones share one pace.
    static constexpr std::size_t pairs_max = 1024;

    RateLimitedLog(Log& log, Clock const& clock, Duration interval = std::chrono::seconds(10));

    /// Writes the message with the field `route` in front, or counts it as suppressed. What was
    /// suppressed before it stands in its field `suppressed`.
    void write(LogLevel level, std::string_view route, std::string_view kind,
               std::string_view message, std::span<LogField const> fields);
    void write(LogLevel level, std::string_view route, std::string_view kind,
               std::string_view message, std::initializer_list<LogField> fields = {}) {
        write(level, route, kind, message, std::span(fields.begin(), fields.size()));
    }

    /// Writes "N more suppressed" for each pair whose interval has passed without a further
    /// message. Call it now and then, and with `all` at the end.
    void report_suppressed(bool all = false);

  private:
    struct Pace {
        TimePoint written_at{};
        std::uint64_t suppressed = 0;
        LogLevel level = LogLevel::info;
    };
    using Key = std::pair<std::string, std::string>;
    using KeyView = std::pair<std::string_view, std::string_view>;

    [[nodiscard]] bool may_write(LogLevel level, KeyView key, std::uint64_t& suppressed);
    [[nodiscard]] Pace& find_or_add(KeyView key, bool& is_new);

    Log& log_;
    Clock const& clock_;
    Duration interval_;
    std::mutex mutex_;
    std::map<Key, Pace> paces_;
};

}  // namespace headrace::ops
