// Complete validation of one JSON object by grammar, a light look into it, and JSON text building.
// Values keep their bytes: numbers of any magnitude are valid. simdjson's DOM is the fast path, and
// number_list before it for vectors; where it refuses only a number's magnitude, a slower judge of
// our own decides by RFC 8259's grammar, which allows lone surrogates (\ud800) too. Used by sinks,
// emulators and /status. Thread safety: a JsonValidator belongs to one thread; the free functions
// may be used from any.
#pragma once

#include "base/result.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace headrace {

/// How deep objects and arrays may nest.
inline constexpr std::size_t json_depth_max = 1024;

class JsonValidator {
  public:
    JsonValidator();
    ~JsonValidator();
    JsonValidator(JsonValidator&&) noexcept;
    JsonValidator& operator=(JsonValidator&&) noexcept;

    /// Accepts exactly one JSON object, strict UTF-8, nothing but white space around it. The error
    /// (invalid_record) says what is wrong and at which byte where that is known, and never quotes
    /// the payload.
    [[nodiscard]] Result<void> check_object(std::string_view text);

    /// The raw bytes of a member of the object that check_object() accepted last, of equal names
    /// the last; nothing if there is none. Cheaper than find_raw(): long lists of numbers are not
    /// read once more. REQUIRES: the text still stands where it was.
    [[nodiscard]] std::optional<std::string_view> find_member(std::string_view name) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The raw bytes of the value at `pointer` (RFC 6901) in a JSON text that check_object accepted;
/// nothing if it is not there. Of equal keys the last one counts, as most parsers have it.
[[nodiscard]] std::optional<std::string_view> find_raw(std::string_view object,
                                                       std::string_view pointer);

/// Several members of an object that check_object() took, by one reading of it: the raw value of
/// each of `names`, the last one of equal keys, goes to the same place of `found`; what is absent
/// leaves its place as it was. REQUIRES: both are of one size.
void find_members(std::string_view object, std::span<std::string_view const> names,
                  std::span<std::optional<std::string_view>> found);

/// The text of a raw JSON string token with its escapes undone; nothing if `raw` is not a string.
[[nodiscard]] std::optional<std::string> unescape(std::string_view raw);

/// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Whether `text` is strict UTF-8.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace headrace
