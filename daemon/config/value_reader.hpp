// Reads one key's value from its node: references replaced, type and range as the key's row in
// keys.cpp asks. Used by values, which knows where in the file the node stands. Thread safety: a
// ValueReader belongs to one thread.
#pragma once

#include "config/diagnostic.hpp"
#include "config/document.hpp"
#include "config/environment.hpp"
#include "config/interpolation.hpp"
#include "config/keys.hpp"
#include "sinks/settings.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headrace::config {

/// A text with its place.
struct Text {
    std::string value;
    Position at;
    Template parts{};  ///< What it is made of, when it holds references.
};

/// The text for a message: in quotes, but not when it came from outside, where it may be a secret.
[[nodiscard]] std::string shown(Text const& text);

/// One key's value; which members count is said by its type.
struct Value {
    Position at;
    bool flag = false;               ///< boolean.
    std::optional<double> number{};  ///< Numbers and sizes; nothing for `auto`.
    Text text{};                ///< text, secret, choice; the name of a rule that is only a name.
    std::vector<Text> names{};  ///< names.
    std::vector<std::pair<Text, Text>> table{};  ///< table; for a name rule its topics.
    sinks::NameRule rule{};                      ///< name_rule.
};

/// The value that `preset` stands for, as if it had been written. REQUIRES: it fits the key's type.
[[nodiscard]] Value preset_value(Key const& key, std::string_view preset);

/// Calls `use` for each entry of the mapping whose key was not given before, and reports the
/// others.
void each_entry(Node const& mapping, std::string const& path, DiagnosticList& diagnostics,
                std::function<void(Node::Entry const&)> const& use);

/// The path of a name that the file made up: shown without control bytes and not at any length.
[[nodiscard]] std::string shown_path(std::string const& parent, std::string const& name);

/// `parent.name`, or `name` alone at the top.
[[nodiscard]] std::string child_path(std::string const& parent, std::string_view name);

/// What the node is, for a message that says what it should be: `is a list`.
[[nodiscard]] std::string kind_name(Node const& node);

/// `unknown key`, with the name that may have been meant or all that are known.
[[nodiscard]] std::string unknown_key(std::string_view name,
                                      std::vector<std::string_view> const& known);

/// Functions that read return nothing after they have reported why.
class ValueReader {
  public:
    ValueReader(Environment const& environment, DiagnosticList& diagnostics)
        : environment_(environment), diagnostics_(diagnostics) {}

    /// The value of a key of the table; `path` is where it stands.
    [[nodiscard]] std::optional<Value> read(Key const& key, Node const& node,
                                            std::string const& path);

  private:
    /// A scalar whose references have been replaced.
    struct Scalar {
        std::string text;
        std::string shown;  ///< For messages: the value itself, or its reference where it has one.
        bool is_plain = false;
        Template parts;
    };

    [[nodiscard]] std::optional<Scalar> read_scalar(std::string const& wanted, Node const& node,
                                                    std::string const& path);
    [[nodiscard]] std::optional<Scalar> read_line(std::string const& wanted, Node const& node,
                                                  std::string const& path);
    [[nodiscard]] std::optional<Value> read_text(Key const& key, Node const& node,
                                                 std::string const& path);
    [[nodiscard]] std::optional<Value> read_word(Key const& key, Node const& node,
                                                 std::string const& path);
    [[nodiscard]] std::optional<Value> read_number(Key const& key, Node const& node,
                                                   std::string const& path);
    [[nodiscard]] std::optional<Value> read_names(Key const& key, Node const& node,
                                                  std::string const& path);
    [[nodiscard]] std::optional<Value> read_table(Node const& node, std::string const& path);
    [[nodiscard]] std::optional<Value> read_rule(Key const& key, Node const& node,
                                                 std::string const& path);
    [[nodiscard]] bool read_rule_entry(Node::Entry const& entry, std::string const& path,
                                       Value& value);
    [[nodiscard]] bool read_on_unknown(Scalar const& scalar, Position at, std::string const& path,
                                       Value& value);
    [[nodiscard]] bool read_rule_topics(Node const& node, std::string const& path, Value& value);
    void report(Position at, std::string const& path, std::string message);
    static Text text_of(Scalar& scalar, Position at);

    Environment const& environment_;
    DiagnosticList& diagnostics_;
    std::size_t outside_bytes_ = 0;  ///< Of all values with references so far.
};

}  // namespace headrace::config
