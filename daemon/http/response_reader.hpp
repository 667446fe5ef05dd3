// Reads one HTTP answer out of bytes as they come, apart from any socket: content-length, chunked
// and close-delimited bodies, with limits on head and whole. Beast's parser does the reading, but
// for plain answers (plain_answer.hpp). Used by connection.cpp, tests and the fuzz target.
// Thread safety: none; a reader belongs to its connection.
#pragma once

#include "base/result.hpp"
#include "http/message.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace headrace::http {

/// How far an answer has come.
enum class Progress : unsigned char {
    more,  ///< Bytes are missing.
    done,  ///< The answer is whole.
};

class ResponseReader {
  public:
    static constexpr std::size_t head_bytes_max = 64U << 10;

    /// `response_bytes_max` counts every byte of the answer as it came over the wire, interim
    /// answers included.
    explicit ResponseReader(std::size_t response_bytes_max);
    ~ResponseReader();
    ResponseReader(ResponseReader const&) = delete;
    ResponseReader& operator=(ResponseReader const&) = delete;

    /// Begins a new answer. `into` outlives it; its capacity is used again. `bodiless`: the answer
    /// has no body whatever it says (to CONNECT).
    void begin(Response& into, bool bodiless = false);

    /// Where the next bytes go; never empty.
    [[nodiscard]] std::span<char> space() noexcept;
    /// Reads the first `count` bytes of space(). Errors: too_large, bad_response; the reader then
    /// needs begin().
    [[nodiscard]] Result<Progress> commit(std::size_t count);
    /// The peer closed: ends a close-delimited answer, is a connection error for every other.
    [[nodiscard]] Result<Progress> close();

    /// Whether any byte has come since begin().
    [[nodiscard]] bool has_begun() const noexcept;
    /// Whether bytes came after the whole answer.
    [[nodiscard]] bool has_rest() const noexcept;
    /// Whether the connection may carry another request: the answer is whole, allows it, and
    /// nothing came after it.
    [[nodiscard]] bool is_reusable() const noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::http
