// The daemon's log: levels, a stable kind, one sentence and key=value fields, as text or JSON lines
// on stderr, or as entries with fields when stderr is systemd's journal. Handed by reference to
// whoever reports; flow and kafka report through their own ports. Never give it a payload or a
// credential; RateLimitedLog is for what may happen often. Writing never waits and never fails:
// lines that are not taken at once are dropped, and the next line that gets through is preceded by
// one of kind log_lines_dropped. Thread safety: any thread.
#pragma once

#include "base/clock.hpp"
#include "ops/log_line.hpp"
#include "ops/settings.hpp"

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace headrace::ops {

/// Where a log goes.
struct LogTarget {
    int descriptor = 2;          ///< Stays the caller's.
    std::string journal_socket;  ///< Of systemd's journal, which then takes the place of it.
};

/// stderr, or the journal if stderr leads there: `journal_stream` is the environment's
/// JOURNAL_STREAM, null if there is none.
[[nodiscard]] LogTarget standard_log_target(char const* journal_stream);

class Log {
  public:
    /// Ignores SIGPIPE for the process from now on: a log reader that went away must not end the
    /// daemon.
    Log(LogSettings settings, Clock const& clock, LogTarget const& target = {});
    Log(LogSettings settings, Clock const& clock, int descriptor)
        : Log(settings, clock, LogTarget{.descriptor = descriptor, .journal_socket = {}}) {}
    ~Log();
    Log(Log const&) = delete;
    Log& operator=(Log const&) = delete;

    void write(LogLevel level, std::string_view kind, std::string_view message,
               std::span<LogField const> fields);
    void write(LogLevel level, std::string_view kind, std::string_view message,
               std::initializer_list<LogField> fields = {}) {
        write(level, kind, message, std::span(fields.begin(), fields.size()));
    }

    [[nodiscard]] bool is_enabled(LogLevel level) const noexcept;
    [[nodiscard]] LogLevel level() const noexcept;
    void set_level(LogLevel level) noexcept;
    /// The form of the lines to come.
    void set_format(LogFormat format) noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::ops
