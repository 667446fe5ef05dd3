// Where librdkafka's own log lines go, and the guard that keeps credentials out of them. Used by
// everything in this folder that owns a librdkafka client; main wires it to the daemon's log.
// Thread safety: a sink is called on the thread that serves its client; a Redactor is immutable.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::kafka {

enum class LogLevel {
    error,    ///< Something does not work.
    warning,  ///< Something is unusual.
    notice,   ///< What operators may want to know.
    debug,    ///< Only with `debug` in kafka.properties.
};

using LogSink = std::function<void(LogLevel, std::string_view)>;

/// The level for one of syslog's numbers, which librdkafka uses.
[[nodiscard]] LogLevel log_level_of(int syslog_level) noexcept;

/// Lines that would only confuse: one set of properties serves consumers and producers, so that
/// each ignores some of it.
[[nodiscard]] bool is_noise(std::string_view line) noexcept;

/// Replaces the values of secret properties (passwords, keys, tokens) wherever they occur in a
/// text.
class Redactor {
  public:
    Redactor() = default;
    explicit Redactor(std::map<std::string, std::string> const& properties);

    [[nodiscard]] std::string operator()(std::string_view text) const;

  private:
    std::vector<std::string> secrets_;
};

/// Whether the value of this librdkafka property must never be shown.
[[nodiscard]] bool is_secret_property(std::string_view name) noexcept;

}  // namespace headrace::kafka
