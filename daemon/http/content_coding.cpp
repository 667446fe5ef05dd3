#include "http/content_coding.hpp"

#include "http/message.hpp"

namespace headrace::http {

std::string_view to_string(ContentCoding coding) noexcept {
    switch (coding) {
        case ContentCoding::gzip:
            return "gzip";
        case ContentCoding::zstd:
            return "zstd";
        case ContentCoding::identity:
            break;
    }
    return "identity";
}

std::optional<ContentCoding> find_content_coding(std::string_view header) noexcept {
    if (header.empty() || same_name(header, "identity")) return ContentCoding::identity;
    // RFC 9110: x-gzip is the same.
    if (same_name(header, "gzip") || same_name(header, "x-gzip")) return ContentCoding::gzip;
    if (same_name(header, "zstd")) return ContentCoding::zstd;
    return std::nullopt;
}

}  // namespace headrace::http
