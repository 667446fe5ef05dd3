// The configuration file as a tree of nodes with positions, before anything is known of keys: YAML
// syntax, its limits and nothing else. yaml-cpp stays behind this header. Used by load; it neither
// interpolates nor checks types. One document; anchors and aliases are followed, merge keys (<<)
// and tags are refused. Thread safety: plain values and a free function.
#pragma once

#include "config/diagnostic.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headrace::config {

/// The largest configuration file.
inline constexpr std::size_t file_bytes_max = 1U << 20;
/// How deep mappings and lists may nest; the deepest key of ours stands at 6.
inline constexpr std::size_t nesting_max = 32;
/// What the file may grow to once its aliases are followed, in bytes of text plus 32 a node.
inline constexpr std::size_t expanded_bytes_max = 8U << 20;

struct Node {
    /// What the node is in YAML.
    enum class Kind : std::uint8_t {
        null,      ///< No value, `~` or `null`.
        plain,     ///< A scalar without quotes: number, boolean or text.
        quoted,    ///< A scalar in quotes or a block scalar: text.
        sequence,  ///< A list: `items`.
        mapping,   ///< Keys and values: `entries`, in the file's order, duplicates included.
    };
    struct Entry;

    Kind kind = Kind::null;
    Position at;
    std::string text;
    std::vector<Node> items;
    std::vector<Entry> entries;

    [[nodiscard]] bool is_scalar() const noexcept {
        return kind == Kind::plain || kind == Kind::quoted;
    }
};

struct Node::Entry {
    std::string key;
    Position key_at;
    Node value;
};

/// Reads one YAML document. Everything that is wrong with its syntax goes to `diagnostics`; the
/// node is there only when nothing was.
[[nodiscard]] std::optional<Node> parse_document(std::string_view text,
                                                 DiagnosticList& diagnostics);

}  // namespace headrace::config
