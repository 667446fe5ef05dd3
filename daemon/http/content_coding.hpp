// The codings of HTTP's Content-Encoding that we know. Used by the configuration, compressor and
// decompress. Thread safety: plain values and free functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace headrace::http {

enum class ContentCoding : std::uint8_t {
    identity,  ///< As it is.
    gzip,      ///< RFC 1952.
    zstd,      ///< RFC 8878.
};

/// As it stands in the header.
[[nodiscard]] std::string_view to_string(ContentCoding coding) noexcept;

/// What a Content-Encoding header names; nothing if that is unknown to us or several codings. An
/// empty header is identity.
[[nodiscard]] std::optional<ContentCoding> find_content_coding(std::string_view header) noexcept;

}  // namespace headrace::http
