#include "ops/log_line.hpp"

#include "base/timestamp.hpp"
#include "ops/escaped_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace headrace::ops {
namespace {

/// Appends `text` as a JSON string, which is a valid quoted logfmt value as well.
void append_quoted(std::string& out, std::string_view text, std::size_t bytes_max) {
    out += '"';
    append_escaped(out, text, bytes_max, Quotes::escaped);
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

/// `time` may be empty: then time and level are left to whoever takes the line.
std::string format_cut(LogFormat format, std::string_view time, LogEvent const& event,
                       std::size_t text_bytes_max) {
    LineWriter writer(format, text_bytes_max);
    if (!time.empty()) {
        writer.add("time", time);
        writer.add("level", to_string(event.level));
    }
    writer.add("event", event.kind);
    writer.add("msg", event.message);
    for (auto const& field : event.fields.first(std::min(event.fields.size(), log_fields_max))) {
        writer.add(field.key, field.value);
    }
    return std::move(writer).finish();
}

std::string format_within(LogFormat format, std::string_view time, LogEvent const& event) {
    // The last cut fits even when every byte becomes an escape of six: 18 texts of 24 bytes.
    for (std::size_t const text_bytes_max : {2048U, 512U, 96U}) {
        std::string line = format_cut(format, time, event, text_bytes_max);
        if (line.size() <= log_line_bytes_max) return line;
    }
    return format_cut(format, time, event, 24);
}

}  // namespace

std::string format_log_line(LogFormat format, WallTime time, LogEvent const& event) {
    return format_within(format, format_timestamp(time), event);
}

std::string format_undated_line(LogEvent const& event) {
    return format_within(LogFormat::text, {}, event);
}

}  // namespace headrace::ops
