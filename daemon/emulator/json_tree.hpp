// A JSON text as a tree whose values keep their bytes: the emulators judge requests with a parser
// of their own, so that a fault in the daemon's parser cannot hide itself. Numbers of any magnitude
// are values; of equal keys the last one counts. It is not a validator for the daemon
// (base/json.hpp). Thread safety: a tree belongs to one thread; its nodes are valid until the next
// parse.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::emulator {

enum class JsonKind : std::uint8_t {
    object,   ///< Members in order, equal keys included.
    array,    ///< Items in order.
    string,   ///< Text with its escapes still in it.
    integer,  ///< A number without fraction and exponent, of any length.
    real,     ///< A number with a fraction or an exponent.
    yes,      ///< true
    no,       ///< false
    null,     ///< null
};

class JsonTree;

/// One value of a tree: a position, cheap to copy.
class JsonNode {
  public:
    JsonNode() = default;
    JsonNode(JsonTree const& tree, std::uint32_t index) : tree_(&tree), index_(index) {}

    [[nodiscard]] JsonKind kind() const;
    [[nodiscard]] bool is(JsonKind wanted) const { return kind() == wanted; }
    [[nodiscard]] bool is_number() const;
    [[nodiscard]] bool is_bool() const;
    /// The bytes of the value as they stand in the text.
    [[nodiscard]] std::string_view raw() const;
    /// A string's text without escapes; the raw bytes of anything else.
    [[nodiscard]] std::string text() const;
    /// Whether this is a string with that text.
    [[nodiscard]] bool equals(std::string_view wanted) const;
    [[nodiscard]] std::size_t size() const;  ///< Items of an array, members of an object.
    /// The last member of that name; nothing if this is no object or has none.
    [[nodiscard]] std::optional<JsonNode> find(std::string_view key) const;

    /// Calls `visit(JsonNode item)` for each item of an array until it says false.
    template <class Visit>
    bool each_item(Visit&& visit) const;
    /// Calls `visit(JsonNode key, JsonNode value)` for each member until it says false.
    template <class Visit>
    bool each_member(Visit&& visit) const;

  private:
    JsonTree const* tree_ = nullptr;
    std::uint32_t index_ = 0;
};

class JsonTree {
  public:
    /// Parses exactly one value with white space around it, strict UTF-8. `text` must outlive the
    /// tree's use. The error says at which byte the text stops being JSON.
    [[nodiscard]] Result<void> parse(std::string_view text);
    /// REQUIRES: the last parse succeeded.
    [[nodiscard]] JsonNode root() const { return {*this, 0}; }

  private:
    friend class JsonNode;
    friend class JsonTreeParser;

    struct Entry {
        std::uint32_t begin;  ///< First byte of the value.
        std::uint32_t end;    ///< One past its last byte.
        std::uint32_t next;   ///< Index of the entry after this value and everything in it.
        std::uint32_t size;   ///< Items or members.
        JsonKind kind;
        bool has_escapes;
    };

    std::string_view text_;
    std::vector<Entry> entries_;
};

template <class Visit>
bool JsonNode::each_item(Visit&& visit) const {
    if (!is(JsonKind::array)) return true;
    std::uint32_t const end = tree_->entries_[index_].next;
    for (std::uint32_t at = index_ + 1; at < end; at = tree_->entries_[at].next) {
        if (!visit(JsonNode(*tree_, at))) return false;
    }
    return true;
}

template <class Visit>
bool JsonNode::each_member(Visit&& visit) const {
    if (!is(JsonKind::object)) return true;
    std::uint32_t const end = tree_->entries_[index_].next;
    for (std::uint32_t at = index_ + 1; at < end; at = tree_->entries_[at + 1].next) {
        if (!visit(JsonNode(*tree_, at), JsonNode(*tree_, at + 1))) return false;
    }
    return true;
}

}  // namespace headrace::emulator
