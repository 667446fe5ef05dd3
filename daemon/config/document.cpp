#include "config/document.hpp"

#include "base/utf8.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace headrace::config {
namespace {

constexpr std::size_t node_cost = 32;

Position position(YAML::Mark const& mark) {
    if (mark.is_null()) return {};
    return {static_cast<std::size_t>(std::max(mark.line, 0)) + 1,
            static_cast<std::size_t>(std::max(mark.column, 0)) + 1};
}

/// Leaves the parser from inside an event: what is wrong, and where.
struct Refusal {
    Position at;
    std::string message;
};

std::size_t weight(Node const& node) {
    std::size_t sum = node_cost + node.text.size();
    for (auto const& item : node.items)
        sum += weight(item);
    for (auto const& entry : node.entries)
        sum += entry.key.size() + weight(entry.value);
    return sum;
}

/// Builds the tree from the parser's events. Invariants: 1. open_ holds the collections whose end
/// has not come, outermost first, at most nesting_max. 2. weight_ is what has been built, aliases
/// counted each time, at most expanded_bytes_max.
class TreeBuilder final : public YAML::EventHandler {
  public:
    void OnDocumentStart(YAML::Mark const& mark) override { started_at_ = position(mark); }
    void OnDocumentEnd() override {}

    void OnNull(YAML::Mark const& mark, YAML::anchor_t anchor) override {
        add({Node::Kind::null, position(mark), {}, {}, {}}, anchor);
    }

    void OnAlias(YAML::Mark const& mark, YAML::anchor_t anchor) override {
        auto const found = anchors_.find(anchor);
        if (found == anchors_.end())
            throw Refusal{position(mark), "the alias stands inside its own anchor"};
        // Checked before the copy: an alias bomb must not be built to be measured.
        charge(position(mark), found->second.weight);
        auto copy = found->second.node;
        copy.at = position(mark);
        place(std::move(copy), position(mark));
    }

    void OnScalar(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                  std::string const& value) override {
        refuse_tag(mark, tag);
        auto const kind = tag == "!" ? Node::Kind::quoted : Node::Kind::plain;
        add({kind, position(mark), value, {}, {}}, anchor);
    }

    void OnSequenceStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override {
        open(mark, tag, anchor, Node::Kind::sequence);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override {
        open(mark, tag, anchor, Node::Kind::mapping);
    }
    void OnMapEnd() override { close(); }

    [[nodiscard]] Position started_at() const noexcept { return started_at_; }
    [[nodiscard]] Node take_root() { return std::move(root_); }

  private:
    struct Open {
        Node node;
        YAML::anchor_t anchor;
        std::optional<std::pair<std::string, Position>>
            key;  ///< A mapping's key that waits for its value.
    };
    struct Anchored {
        Node node;
        std::size_t weight;
    };

    static void refuse_tag(YAML::Mark const& mark, std::string const& tag) {
        if (tag.empty() || tag == "?" || tag == "!") return;
        throw Refusal{position(mark), "YAML tags (!…) are not supported: write the plain value"};
    }

    void charge(Position at, std::size_t bytes) {
        weight_ += bytes;
        if (weight_ <= expanded_bytes_max) return;
        throw Refusal{at, "the file comes to more than " + std::to_string(expanded_bytes_max) +
                              " bytes, its aliases followed: it holds too many values"};
    }

    void open(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
              Node::Kind kind) {
        refuse_tag(mark, tag);
        if (open_.size() >= nesting_max) {
            throw Refusal{position(mark), "lists and mappings nest deeper than " +
                                              std::to_string(nesting_max) + " levels"};
        }
        charge(position(mark), node_cost);
        open_.push_back({{kind, position(mark), {}, {}, {}}, anchor, std::nullopt});
    }

    void close() {
        auto closed = std::move(open_.back());
        open_.pop_back();
        remember(closed.node, closed.anchor);
        auto const at = closed.node.at;
        place(std::move(closed.node), at);
    }

    void add(Node node, YAML::anchor_t anchor) {
        charge(node.at, node_cost + node.text.size());
        remember(node, anchor);
        auto const at = node.at;
        place(std::move(node), at);
    }

    void remember(Node const& node, YAML::anchor_t anchor) {
        if (anchor == YAML::NullAnchor) return;
        auto const bytes = weight(node);
        charge(node.at, bytes);
        anchors_.insert_or_assign(anchor, Anchored{node, bytes});
    }

    /// Puts a complete node where it belongs; `at` is where it stands in the file, for an alias not
    /// the anchor's place.
    void place(Node node, Position at) {
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        auto& parent = open_.back();
        if (parent.node.kind == Node::Kind::sequence) {
            parent.node.items.push_back(std::move(node));
        } else if (!parent.key) {
            parent.key.emplace(key_text(node, at), at);
        } else {
            parent.node.entries.push_back(
                {std::move(parent.key->first), parent.key->second, std::move(node)});
            parent.key.reset();
        }
    }

    static std::string key_text(Node const& node, Position at) {
        if (!node.is_scalar())
            throw Refusal{at, "a key must be a single word, not a list, a mapping or nothing"};
        if (node.kind == Node::Kind::plain && node.text == "<<") {
            throw Refusal{at,
                          "merge keys (<<) are not supported: write the keys out, or use an alias "
                          "for a whole value"};
        }
        return node.text;
    }

    Position started_at_;
    Node root_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Anchored> anchors_;
    std::size_t weight_ = 0;
};

/// The first byte that no configuration holds: control characters but tab and line ends, and what
/// is not UTF-8. yaml-cpp would otherwise guess at UTF-16 or carry the bytes on.
bool has_only_text(std::string_view text, DiagnosticList& diagnostics) {
    Position at;
    std::size_t i = 0;
    while (i < text.size()) {
        auto const length = utf8_length(text, i);
        char const c = text[i];
        bool const control =
            length == 1 && ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f);
        if (length == 0 || control) {
            diagnostics.add(at, {},
                            length == 0 ? "the file is not text: a byte here is not UTF-8"
                                        : "the file is not text: a control character stands here");
            return false;
        }
        at = c == '\n' ? Position{at.line + 1, 1} : Position{at.line, at.column + length};
        i += length;
    }
    return true;
}

/// yaml-cpp's words may end in one byte of a longer character.
std::string cleaned(std::string_view words) {
    std::string clean;
    for (std::size_t at = 0; at < words.size();) {
        auto const length = utf8_length(words, at);
        bool const printable = length > 1 || (length == 1 && words[at] >= ' ' && words[at] != 0x7f);
        clean += printable ? words.substr(at, length) : "?";
        at += std::max<std::size_t>(length, 1);
    }
    return clean;
}

/// Advice for the mistake that makes most syntax errors here: `{a: ${B}}`, where YAML takes the
/// inner braces for its own.
std::string brace_advice(std::string_view text, std::size_t line) {
    for (std::size_t skipped = 1; skipped < line && !text.empty(); ++skipped) {
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    }
    bool const has_reference = text.substr(0, text.find('\n')).find("${") != std::string_view::npos;
    return has_reference ? "; inside { } and [ ] put ${…} in quotes" : "";
}

}  // namespace

std::optional<Node> parse_document(std::string_view text, DiagnosticList& diagnostics) {
    if (text.size() > file_bytes_max) {
        diagnostics.add({}, {},
                        "the file is larger than " + std::to_string(file_bytes_max) + " bytes");
        return std::nullopt;
    }
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    if (!has_only_text(text, diagnostics)) return std::nullopt;
    // yaml-cpp takes a line end before the end of the file for a quote that is missing.
    auto const bytes = text.find_last_not_of(" \t\r\n") + 1;
    try {
        std::istringstream stream{std::string(text.substr(0, bytes))};
        YAML::Parser parser(stream);
        TreeBuilder builder;
        if (!parser.HandleNextDocument(builder)) {
            diagnostics.add({}, {}, "the file is empty: at least kafka and routes are needed");
            return std::nullopt;
        }
        TreeBuilder second;
        if (parser.HandleNextDocument(second)) {
            diagnostics.add(
                second.started_at(), {},
                "a second document (---) begins here: one file holds one configuration");
            return std::nullopt;
        }
        return builder.take_root();
    } catch (Refusal const& refusal) {
        diagnostics.add(refusal.at, {}, refusal.message);
    } catch (YAML::Exception const& error) {
        auto const at = position(error.mark);
        diagnostics.add(at, {}, "YAML syntax: " + cleaned(error.msg) + brace_advice(text, at.line));
    } catch (std::exception const& error) {
        diagnostics.add({}, {}, "the file cannot be read as YAML: " + cleaned(error.what()));
    }
    return std::nullopt;
}

}  // namespace headrace::config
