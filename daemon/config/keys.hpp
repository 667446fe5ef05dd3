// The one table of the configuration's keys: path, type, default, range and meaning. From it come
// the check for unknown keys, the checks of types and ranges, the defaults, the JSON Schema and the
// reference in docs/configuration.md. A new key is one row here and one line where build_route.cpp
// or build.cpp uses it. Thread safety: constant.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::config {

/// What a key's value may be.
enum class Type : std::uint8_t {
    text,     ///< One line of text.
    secret,   ///< One line of text, never shown and, from ${file:…}, read again when the file
              ///< changes.
    boolean,  ///< true or false.
    integer,  ///< A whole number.
    milliseconds,   ///< A whole number of milliseconds.
    seconds,        ///< A number of seconds, fractions allowed.
    size,           ///< A number of bytes, or one with KiB, MiB or GiB.
    choice,         ///< One of `choices`.
    auto_or_count,  ///< `auto` or a whole number.
    names,          ///< A list of texts.
    table,          ///< A mapping of names to texts, numbers or booleans.
    name_rule,      ///< A name, or a mapping that says where in the record it stands.
};

/// Destinations that have the key.
enum class Scope : std::uint8_t {
    any,     ///< All of them.
    tecton,  ///< Only destination.type: tecton.
    milvus,  ///< Only destination.type: milvus.
};

struct Key {
    std::string_view path;  ///< `[]` stands for an item of a list.
    Type type = Type::text;
    std::string_view preset{};         ///< The default as it would be written; empty: none.
    std::string_view milvus_preset{};  ///< Milvus's default where it differs.
    double min = 0;                    ///< Of numbers and sizes, in the key's unit.
    double max = 0;
    std::string_view choices{};  ///< For Type::choice, separated by |.
    Scope scope = Scope::any;
    bool is_required = false;
    std::string_view meaning;  ///< A sentence for people.
};

/// All keys, in the order of the reference.
[[nodiscard]] std::span<Key const> all_keys() noexcept;

/// The key with this path; null if there is none.
[[nodiscard]] Key const* find_key(std::string_view path) noexcept;

/// Whether `path` is a mapping that holds keys, such as routes[].batch; the whole file is the empty
/// path.
[[nodiscard]] bool is_section(std::string_view path) noexcept;

/// The names that may stand in a section, in the table's order.
[[nodiscard]] std::vector<std::string_view> names_in(std::string_view section);

/// The choices of a key.
[[nodiscard]] std::vector<std::string_view> choices_of(Key const& key);

/// What the key allows, as messages and the reference say it: `a whole number from 1 to 100`.
[[nodiscard]] std::string allowed(Key const& key);

}  // namespace headrace::config
