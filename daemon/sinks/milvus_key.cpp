#include "sinks/milvus_key.hpp"

#include "base/json.hpp"

#include <charconv>
#include <cstdint>
#include <optional>

namespace headrace::sinks {
namespace {

/// Reads all of `text` as an integer, leading zeros allowed.
[[nodiscard]] std::optional<std::int64_t> integer(std::string_view text) {
    std::int64_t value = 0;
    auto const [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// As Milvus reads an Int64: decimal, a fraction of zeros allowed. A leading zero may mean octal
/// there: not ours to guess.
[[nodiscard]] std::optional<std::int64_t> milvus_integer(std::string_view text) {
    std::size_t const point = text.find('.');
    if (point != std::string_view::npos) {
        std::string_view const fraction = text.substr(point + 1);
        if (fraction.empty() || fraction.find_first_not_of('0') != std::string_view::npos)
            return std::nullopt;
        text = text.substr(0, point);
    }
    std::string_view const digits = text.starts_with('-') ? text.substr(1) : text;
    if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
    return integer(text);
}

}  // namespace

bool can_be_milvus_key(std::string_view raw) noexcept {
    if (raw.empty()) return false;
    char const c = raw.front();
    return c == '"' || c == '-' || (c >= '0' && c <= '9');
}

void append_milvus_key(std::string& out, std::string_view raw, MilvusKeyType type) {
    std::optional<std::string> unescaped;
    std::string_view text = raw;
    if (raw.size() >= 2 && raw.front() == '"') {
        text = raw.substr(1, raw.size() - 2);
        if (text.find('\\') != std::string_view::npos) unescaped = unescape(raw);
        if (unescaped) text = *unescaped;
    }
    if (type == MilvusKeyType::int64) {
        if (auto const value = milvus_integer(text)) {
            out += std::to_string(*value);
            return;
        }
    }
    out += text;
}

bool append_milvus_key_of_bytes(std::string& out, std::string_view bytes, MilvusKeyType type) {
    if (type == MilvusKeyType::varchar) {
        if (!is_utf8(bytes)) return false;
        out += bytes;
        return true;
    }
    auto const value = integer(bytes);
    if (!value) return false;
    out += std::to_string(*value);
    return true;
}

}  // namespace headrace::sinks
