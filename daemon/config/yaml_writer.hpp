// Writes block YAML line by line, with quotes where a text needs them. Used by print; it never
// writes anchors or flow style. Thread safety: belongs to one thread.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace headrace::config {

class YamlWriter {
  public:
    /// `key:` and what is written until close() below it.
    void open(std::string_view key);
    void close();
    /// `- ` before the next key; ends with close().
    void open_item();

    void text(std::string_view key, std::string_view value);
    void word(std::string_view key, std::string_view plain);  ///< REQUIRES: needs no quotes.
    void number(std::string_view key, std::uint64_t value) { word(key, std::to_string(value)); }
    void flag(std::string_view key, bool value) { word(key, value ? "true" : "false"); }
    void milliseconds(std::string_view key, Duration value);
    void seconds(std::string_view key, Duration value);
    void item(std::string_view value);  ///< One text of a list.

    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    void begin_line(std::string_view key);

    std::string text_;
    std::size_t depth_ = 0;
    bool begins_item_ = false;
};

/// The text as a YAML scalar that is read back as this text: quoted where needed, ${ escaped.
[[nodiscard]] std::string yaml_text(std::string_view text);

}  // namespace headrace::config
