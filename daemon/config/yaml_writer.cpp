#include "config/yaml_writer.hpp"

#include "base/json.hpp"
#include "config/interpolation.hpp"
#include "config/scalars.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace headrace::config {
namespace {

bool is_plain_byte(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c == '/';
}

/// Words that some YAML reader takes for something else than text.
bool is_special_word(std::string_view text) {
    constexpr std::array<std::string_view, 8> words{"null", "true", "false", "yes",
                                                    "no",   "on",   "off",   "y"};
    std::string small(text);
    std::transform(small.begin(), small.end(), small.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return small == "n" || std::find(words.begin(), words.end(), small) != words.end();
}

}  // namespace

std::string yaml_text(std::string_view text) {
    bool const is_letter_first =
        !text.empty() && ((text.front() >= 'a' && text.front() <= 'z') ||
                          (text.front() >= 'A' && text.front() <= 'Z') || text.front() == '/');
    if (is_letter_first && std::all_of(text.begin(), text.end(), is_plain_byte) &&
        !is_special_word(text))
        return std::string(text);
    std::string quoted_text;
    append_json_string(quoted_text, escape_references(text));
    return quoted_text;
}

void YamlWriter::begin_line(std::string_view key) {
    auto const indent = 2 * depth_;
    text_ += begins_item_ ? std::string(indent - 2, ' ') + "- " : std::string(indent, ' ');
    begins_item_ = false;
    text_ += yaml_text(key) + ":";
}

void YamlWriter::open(std::string_view key) {
    begin_line(key);
    text_ += '\n';
    ++depth_;
}

void YamlWriter::close() {
    --depth_;
}

void YamlWriter::open_item() {
    ++depth_;
    begins_item_ = true;
}

void YamlWriter::text(std::string_view key, std::string_view value) {
    word(key, yaml_text(value));
}

void YamlWriter::word(std::string_view key, std::string_view plain) {
    begin_line(key);
    text_ += " " + std::string(plain) + "\n";
}

void YamlWriter::milliseconds(std::string_view key, Duration value) {
    number(key, static_cast<std::uint64_t>(
                    std::chrono::duration_cast<std::chrono::milliseconds>(value).count()));
}

void YamlWriter::seconds(std::string_view key, Duration value) {
    std::array<char, 32> buffer{};
    auto const secs = std::chrono::duration<double>(value).count();
    auto const result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), secs);
    word(key,
         std::string_view(buffer.data(), static_cast<std::size_t>(result.ptr - buffer.data())));
}

void YamlWriter::item(std::string_view value) {
    text_ += std::string(2 * depth_, ' ') + "- " + yaml_text(value) + "\n";
}

}  // namespace headrace::config
