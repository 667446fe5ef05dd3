// References in a value: ${NAME}, ${NAME:-default}, ${file:PATH}, ${credential:NAME}; `$${` stands
// for `${`, every other `$` for itself. They are replaced in scalars after YAML was parsed, so that
// no value can add structure; what was put in is not looked at again. Used by values, and by
// FileSecret for the files whose content may change. Thread safety: free functions and plain
// values.
#pragma once

#include "base/result.hpp"
#include "config/environment.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::config {

/// The longest value that references may make: a few files of the largest kind.
inline constexpr std::size_t value_bytes_max = 4 * value_file_bytes_max;

/// One part of a value whose variables and credentials have been read.
struct Piece {
    /// Where the part's text comes from.
    enum class Kind : std::uint8_t {
        literal,  ///< `text` itself.
        file,     ///< The content of the file at path `text`.
    };
    Kind kind = Kind::literal;
    std::string text;
};

/// A value's parts in order.
using Template = std::vector<Piece>;

/// Reads the references of `source`; files are named, not yet read. The error says which reference
/// is wrong and what to do.
[[nodiscard]] Result<Template> parse_template(std::string_view source,
                                              Environment const& environment);

/// Joins the parts, reading the files.
[[nodiscard]] Result<std::string> render(Template const& parts, Environment const& environment);

/// Whether rendering reads a file.
[[nodiscard]] bool reads_file(Template const& parts) noexcept;

/// Whether `source` holds a reference or an escaped one.
[[nodiscard]] bool has_reference(std::string_view source) noexcept;

/// `text` written so that it reads back as itself.
[[nodiscard]] std::string escape_references(std::string_view text);

/// The content of a value's file with one trailing newline cut. Missing, unreadable, empty and too
/// large are errors that name the file.
[[nodiscard]] Result<std::string> read_value_file(std::string const& path,
                                                  Environment const& environment);

}  // namespace headrace::config
