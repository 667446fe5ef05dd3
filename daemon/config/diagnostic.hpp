// What is wrong with a configuration and where: every stage of config adds to one list, so that the
// operator sees all errors of a file at once. Used by config's own files, and by whoever prints the
// list. Thread safety: plain values; a DiagnosticList belongs to one thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::config {

/// A place in the file, counted from 1; columns count bytes.
struct Position {
    std::size_t line = 1;
    std::size_t column = 1;
};

/// One thing that is wrong.
struct Diagnostic {
    std::string file;
    Position at;
    std::string path;  ///< The key, such as routes[0].batch.batch_size; empty: the file as a whole.
    std::string message;  ///< What is wrong and what is allowed; never a secret.

    /// `FILE:LINE:COLUMN: PATH: MESSAGE`.
    [[nodiscard]] std::string text() const;
};

/// More errors than this are not listed, only that there are more: nobody reads them, and a hostile
/// file could have millions.
inline constexpr std::size_t diagnostics_max = 100;

/// Collects diagnostics for one file.
class DiagnosticList {
  public:
    explicit DiagnosticList(std::string file) : file_(std::move(file)) {}

    void add(Position at, std::string path, std::string message);
    [[nodiscard]] bool is_empty() const noexcept { return diagnostics_.empty(); }
    /// All of them in the file's order.
    [[nodiscard]] std::vector<Diagnostic> take();

  private:
    std::string file_;
    std::vector<Diagnostic> diagnostics_;
    std::size_t left_out_ = 0;
};

/// The candidate nearest to `word`, or empty text when none is near enough to be what was meant.
[[nodiscard]] std::string nearest(std::string_view word,
                                  std::vector<std::string_view> const& candidates);

/// ` (did you mean WORD?)` for the nearest candidate; empty when none is near enough.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       std::vector<std::string_view> const& candidates);

/// `text` in quotes for a message: control bytes and what is not UTF-8 are shown as `?`, and long
/// text is cut.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace headrace::config
