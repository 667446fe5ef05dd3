// Puts whole log lines on a file descriptor without ever waiting: what stderr does not take at once
// (a full pipe, a stopped terminal, a full disk, a reader that went away) is dropped. Used by Log
// only; knows nothing of levels, formats or how many lines were dropped.
// Thread safety: not thread-safe; Log calls it under its sink's lock.
#pragma once

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
    [[nodiscard]] bool write(std::string_view line);

  private:
    bool write_all(std::string_view bytes);

    int descriptor_;
    bool is_own_ = false;     ///< Opened here, and closed here.
    bool may_wait_ = false;   ///< The second opening failed: ask before each write.
    bool is_socket_ = false;  ///< As under systemd's journal.
    bool is_mid_line_ =
        false;  ///< A part of a line got through: the next begins with a line break.
};

}  // namespace headrace::ops
