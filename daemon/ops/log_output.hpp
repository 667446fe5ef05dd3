// Puts whole log lines on a file descriptor without ever waiting: when stderr is a full pipe, a
// stopped terminal, a full disk or a reader that went away, lines are dropped and counted, and the
// next line that gets through says how many. Used by Log only; knows nothing of levels or formats.
// Thread safety: not thread-safe; Log calls it under its sink's lock.
#pragma once

#include <cstdint>
#include <string_view>

namespace headrace::ops {

class LogOutput {
  public:
    /// Writes to `descriptor`, which stays the caller's. A pipe or terminal is opened a second time
    /// without blocking, because the descriptor's own flags are shared with other processes.
    explicit LogOutput(int descriptor);
    ~LogOutput();
    LogOutput(LogOutput const&) = delete;
    LogOutput& operator=(LogOutput const&) = delete;

    /// Writes one line, or drops it and says false. REQUIRES: SIGPIPE is ignored.
    bool write(std::string_view line);

    /// Lines dropped since the last call of take_dropped().
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }
    /// The same, and begins to count anew.
    std::uint64_t take_dropped() noexcept;

  private:
    bool write_all(std::string_view bytes);

    int descriptor_;
    bool is_own_ = false;     ///< Opened here, and closed here.
    bool is_socket_ = false;  ///< As under systemd's journal.
    bool is_mid_line_ =
        false;  ///< A part of a line got through: the next begins with a line break.
    std::uint64_t dropped_ = 0;
};

}  // namespace headrace::ops
