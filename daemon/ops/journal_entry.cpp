#include "ops/journal_entry.hpp"

#include "ops/escaped_text.hpp"

#include <algorithm>
#include <sys/stat.h>
#include <variant>

namespace headrace::ops {
namespace {

/// Longest text of one field; the whole of it stands there, unlike in a line.
constexpr std::size_t field_bytes_max = 2048;
/// The journal takes names of at most 64 bytes.
constexpr std::size_t name_bytes_max = 40;

/// syslog's numbers, which the journal uses.
char priority_of(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::debug:
            return '7';
        case LogLevel::info:
            return '6';
        case LogLevel::warn:
            return '4';
        case LogLevel::error:
            break;
    }
    return '3';
}

void append_name(std::string& out, std::string_view key) {
    out += "HEADRACE_";
    for (char const c : key.substr(0, name_bytes_max)) {
        bool const is_letter = c >= 'a' && c <= 'z';
        bool const is_kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        out += is_letter ? static_cast<char>(c - 'a' + 'A') : is_kept ? c : '_';
    }
}

struct ValueWriter {
    std::string& out;
    void operator()(std::string_view text) const {
        append_escaped(out, text, field_bytes_max, Quotes::kept);
    }
    void operator()(bool value) const { out += value ? "true" : "false"; }
    void operator()(auto number) const { out += std::to_string(number); }
};

void append_field(std::string& out, std::string_view key, LogValue const& value) {
    append_name(out, key);
    out += '=';
    std::visit(ValueWriter{out}, value.get());
    out += '\n';
}

}  // namespace

std::string format_journal_entry(LogFormat format, WallTime time, LogEvent const& event) {
    std::string out = "MESSAGE=";
    // A line ends with the line break that a field ends with.
    out += format == LogFormat::text ? format_undated_line(event)
                                     : format_log_line(format, time, event);
    out += "PRIORITY=";
    out += priority_of(event.level);
    out += "\nSYSLOG_IDENTIFIER=headrace\n";
    append_field(out, "event", event.kind);
    for (auto const& field : event.fields.first(std::min(event.fields.size(), log_fields_max))) {
        append_field(out, field.key, field.value);
    }
    return out;
}

bool is_journal_stream(std::string_view stream, int descriptor) {
    struct stat status {};
    if (stream.empty() || ::fstat(descriptor, &status) != 0) return false;
    return stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

}  // namespace headrace::ops
