// Compresses one body after the other with one context that is used again, so that a request asks
// for no memory once it is warm. Used by sinks/http_sink, one per lane: compressing never waits.
// zlib and libzstd stay in the .cpp file. Thread safety: an instance belongs to its worker's
// thread.
#pragma once

#include "http/content_coding.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::http {

struct CompressionSettings {
    ContentCoding coding = ContentCoding::identity;
    int level = 0;  ///< 0: the default level of the coding.

    [[nodiscard]] bool operator==(CompressionSettings const&) const = default;
};

/// The largest level of the coding; the smallest is 1.
[[nodiscard]] int compression_level_max(ContentCoding coding) noexcept;
/// What `level` 0 stands for: the fastest, which takes most of what there is to gain from JSON.
inline constexpr int compression_level_default = 1;

class Compressor {
  public:
    /// REQUIRES: a coding other than identity, and a level that it has.
    explicit Compressor(CompressionSettings settings);
    ~Compressor();
    Compressor(Compressor const&) = delete;
    Compressor& operator=(Compressor const&) = delete;

    [[nodiscard]] ContentCoding coding() const noexcept;

    /// Puts the compressed body in the place of `out`, whose memory is used again. False if that
    /// would not be shorter; `out` is then of no use.
    [[nodiscard]] bool compress(std::string_view body, std::string& out);

    /// What the context takes.
    [[nodiscard]] std::size_t bytes() const noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::http
