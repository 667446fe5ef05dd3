// Tells when a file says something else than what is known of it, and only once it has settled: who
// writes in place writes in pieces. It reads nothing itself and is shown what the file says now and
// then. Used by daemon for the configuration file. Thread safety: not thread-safe.
#pragma once

#include "base/result.hpp"

#include <string>

namespace headrace::config {

class FileChange {
  public:
    /// What the file says: its text, or why it cannot be read.
    using Content = Result<std::string>;

    explicit FileChange(Content const& known) : known_(state_of(known)), seen_(known_) {}

    /// This is known from now on.
    void note(Content const& content) { known_ = seen_ = state_of(content); }
    /// Whether it says something that is not known, and the same as at the last look. Says so once.
    [[nodiscard]] bool look(Content const& content);
    /// Another look should come soon.
    [[nodiscard]] bool is_settling() const noexcept { return seen_ != known_; }

  private:
    [[nodiscard]] static std::string state_of(Content const& content) {
        return content ? "says " + *content : "fails: " + content.error().message;
    }

    std::string known_;
    std::string seen_;  ///< At the last look.
};

}  // namespace headrace::config
