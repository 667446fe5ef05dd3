#include "ops/log_line.hpp"

#include "base/timestamp.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace headrace::ops {
namespace {

/// The code point that a well-formed sequence spells.
char32_t decode(std::string_view sequence) {
    auto const lead = static_cast<unsigned char>(sequence.front());
    if (sequence.size() == 1) return lead;
    char32_t value = lead & (0x7FU >> sequence.size());
    for (char const c : sequence.substr(1)) {
        value = (value << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
    }
    return value;
}

/// Characters that move a terminal's cursor, end a line or turn the direction of writing.
bool is_unsafe(char32_t c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x2028 || c == 0x2029 ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

void append_unicode_escape(std::string& out, char32_t c) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += "\\u";
    for (unsigned shift = 16; shift != 0;) {
        shift -= 4;
        out += digits[(c >> shift) & 0xFU];
    }
}

void append_code_point(std::string& out, std::string_view sequence) {
    char32_t const c = decode(sequence);
    switch (c) {
        case U'"':
            out += "\\\"";
            return;
        case U'\\':
            out += "\\\\";
            return;
        case U'\n':
            out += "\\n";
            return;
        case U'\r':
            out += "\\r";
            return;
        case U'\t':
            out += "\\t";
            return;
        default:
            break;
    }
    if (is_unsafe(c)) {
        append_unicode_escape(out, c);
    } else {
        out += sequence;
    }
}

/// Appends `text` as a JSON string, which is a valid quoted logfmt value as well.
void append_quoted(std::string& out, std::string_view text, std::size_t bytes_max) {
    out += '"';
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t const sequence = utf8_length(text, at);
        std::size_t const length = std::max<std::size_t>(sequence, 1);
        if (at + length > bytes_max) {
            out += "…";
            break;
        }
        if (sequence == 0) {
            append_unicode_escape(out, 0xFFFD);
        } else {
            append_code_point(out, text.substr(at, length));
        }
        at += length;
    }
    out += '"';
}

/// Whether logfmt may leave the quotes out.
bool is_bare(std::string_view text, std::size_t bytes_max) {
    return !text.empty() && text.size() <= bytes_max && std::ranges::all_of(text, [](char c) {
        return c > 0x20 && c < 0x7F && c != '"' && c != '=' && c != '\\';
    });
}

template <class Number>
void append_number(std::string& out, Number number) {
    std::array<char, 32> buffer{};
    auto const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
    out.append(buffer.data(), end);
}

/// Appends pairs in one of the two forms.
class LineWriter {
  public:
    LineWriter(LogFormat format, std::size_t text_bytes_max)
        : is_json_(format == LogFormat::json), text_bytes_max_(text_bytes_max) {
        if (is_json_) line_ += '{';
    }

    void add(std::string_view key, LogValue const& value) {
        constexpr std::size_t key_bytes_max = 40;
        key = key.substr(0, key_bytes_max);
        if (!is_first_) line_ += is_json_ ? ',' : ' ';
        is_first_ = false;
        if (is_json_) {
            append_quoted(line_, key, key_bytes_max);
            line_ += ':';
        } else {
            line_ += key;
            line_ += '=';
        }
        std::visit([this](auto const& held) { append(held); }, value.get());
    }

    [[nodiscard]] std::string finish() && {
        line_ += is_json_ ? "}\n" : "\n";
        return std::move(line_);
    }

  private:
    void append(std::string_view text) {
        if (!is_json_ && is_bare(text, text_bytes_max_)) {
            line_ += text;
        } else {
            append_quoted(line_, text, text_bytes_max_);
        }
    }
    void append(bool value) { line_ += value ? "true" : "false"; }
    void append(double value) {
        // JSON has no word for these.
        if (!std::isfinite(value)) {
            append_quoted(line_, std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf", 8);
        } else {
            append_number(line_, value);
        }
    }
    void append(std::int64_t value) { append_number(line_, value); }
    void append(std::uint64_t value) { append_number(line_, value); }

    bool is_json_;
    bool is_first_ = true;
    std::size_t text_bytes_max_;
    std::string line_;
};

std::string format_cut(LogFormat format, std::string_view time, LogEvent const& event,
                       std::size_t text_bytes_max) {
    LineWriter writer(format, text_bytes_max);
    writer.add("time", time);
    writer.add("level", to_string(event.level));
    writer.add("event", event.kind);
    writer.add("msg", event.message);
    for (auto const& field : event.fields.first(std::min(event.fields.size(), log_fields_max))) {
        writer.add(field.key, field.value);
    }
    return std::move(writer).finish();
}

}  // namespace

std::string format_log_line(LogFormat format, WallTime time, LogEvent const& event) {
    std::string const stamp = format_timestamp(time);
    // The last cut fits even when every byte becomes an escape of six: 18 texts of 24 bytes.
    for (std::size_t const text_bytes_max : {2048U, 512U, 96U}) {
        std::string line = format_cut(format, stamp, event, text_bytes_max);
        if (line.size() <= log_line_bytes_max) return line;
    }
    return format_cut(format, stamp, event, 24);
}

}  // namespace headrace::ops
