// What of a request is still to be sent: its head, its body's own text, and what is spliced into
// that, as pieces for one system call after the other. Used by connection.cpp.
// Thread safety: not thread-safe; belongs to its exchange.
#pragma once

#include "http/message.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace headrace::http {

class Unsent {
  public:
    /// All of it outlives this; splices are asked for their bytes anew each time.
    Unsent(std::string_view head, std::string_view text, std::span<Splice const> splices) noexcept
        : head_(head), text_(text), splices_(splices) {}

    /// Puts the next pieces into `out`, none of them empty, as many as there is room for; returns
    /// how many.
    [[nodiscard]] std::size_t pieces(std::span<std::string_view> out) const noexcept;

    [[nodiscard]] bool is_empty() const noexcept { return number_ == pieces_in_all(); }

    /// That many more bytes were sent. REQUIRES: pieces() gave as many.
    void take(std::size_t bytes) noexcept;

  private:
    /// In the order of sending: the head, then text and splice in turn, then the text's end.
    [[nodiscard]] std::string_view piece(std::size_t number) const noexcept;
    [[nodiscard]] std::size_t pieces_in_all() const noexcept { return 2 * splices_.size() + 2; }

    std::string_view head_;
    std::string_view text_;
    std::span<Splice const> splices_;
    std::size_t number_ = 0;  ///< The first piece of which something is left.
    std::size_t sent_ = 0;    ///< So much of it is gone.
};

}  // namespace headrace::http
