#include "emulator/json_tree.hpp"

#include "base/json.hpp"

#include <algorithm>
#include <limits>

namespace headrace::emulator {

class JsonTreeParser {
  public:
    JsonTreeParser(JsonTree& tree, std::string_view text) : tree_(tree), text_(text) {}

    bool document() {
        skip_space();
        if (!value(0)) return false;
        skip_space();
        return at_ == text_.size();
    }
    [[nodiscard]] std::size_t position() const { return at_; }

  private:
    [[nodiscard]] bool ended() const { return at_ >= text_.size(); }

    void skip_space() {
        while (!ended() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' ||
                            text_[at_] == '\t')) {
            ++at_;
        }
    }

    bool take(char wanted) {
        if (ended() || text_[at_] != wanted) return false;
        ++at_;
        return true;
    }

    std::uint32_t open(JsonKind kind) {
        auto const index = static_cast<std::uint32_t>(tree_.entries_.size());
        tree_.entries_.push_back({static_cast<std::uint32_t>(at_), 0, 0, 0, kind, false});
        return index;
    }

    bool close(std::uint32_t index) {
        auto& entry = tree_.entries_[index];
        entry.end = static_cast<std::uint32_t>(at_);
        entry.next = static_cast<std::uint32_t>(tree_.entries_.size());
        return true;
    }

    bool value(std::size_t depth) {
        if (ended() || depth > json_depth_max) return false;
        switch (text_[at_]) {
            case '{':
                return object(depth);
            case '[':
                return array(depth);
            case '"':
                return string();
            case 't':
                return word("true", JsonKind::yes);
            case 'f':
                return word("false", JsonKind::no);
            case 'n':
                return word("null", JsonKind::null);
            default:
                return number();
        }
    }

    bool word(std::string_view wanted, JsonKind kind) {
        if (text_.substr(at_, wanted.size()) != wanted) return false;
        auto const index = open(kind);
        at_ += wanted.size();
        return close(index);
    }

    bool object(std::size_t depth) {
        auto const index = open(JsonKind::object);
        ++at_;
        skip_space();
        if (take('}')) return close(index);
        do {
            skip_space();
            if (ended() || text_[at_] != '"' || !string()) return false;
            skip_space();
            if (!take(':')) return false;
            skip_space();
            if (!value(depth + 1)) return false;
            ++tree_.entries_[index].size;
            skip_space();
        } while (take(','));
        return take('}') && close(index);
    }

    bool array(std::size_t depth) {
        auto const index = open(JsonKind::array);
        ++at_;
        skip_space();
        if (take(']')) return close(index);
        do {
            skip_space();
            if (!value(depth + 1)) return false;
            ++tree_.entries_[index].size;
            skip_space();
        } while (take(','));
        return take(']') && close(index);
    }

    bool string() {
        auto const index = open(JsonKind::string);
        ++at_;
        while (!ended()) {
            auto const c = static_cast<unsigned char>(text_[at_]);
            if (c < 0x20) return false;
            ++at_;
            if (c == '"') return close(index);
            if (c == '\\') {
                tree_.entries_[index].has_escapes = true;
                if (!escape()) return false;
            }
        }
        return false;
    }

    bool escape() {
        if (ended()) return false;
        char const c = text_[at_++];
        if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
        for (int i = 0; i < 4; ++i, ++at_) {
            if (ended()) return false;
            char const h = text_[at_];
            if (!is_digit(h) && (h < 'a' || h > 'f') && (h < 'A' || h > 'F')) return false;
        }
        return true;
    }

    static bool is_digit(char c) { return c >= '0' && c <= '9'; }

    bool digits() {
        auto const from = at_;
        while (!ended() && is_digit(text_[at_])) {
            ++at_;
        }
        return at_ != from;
    }

    bool number() {
        auto const index = open(JsonKind::integer);
        take('-');
        if (!take('0') && !digits()) return false;
        if (take('.')) {
            tree_.entries_[index].kind = JsonKind::real;
            if (!digits()) return false;
        }
        if (take('e') || take('E')) {
            tree_.entries_[index].kind = JsonKind::real;
            if (!take('+')) take('-');
            if (!digits()) return false;
        }
        return close(index);
    }

    JsonTree& tree_;
    std::string_view text_;
    std::size_t at_ = 0;
};

Result<void> JsonTree::parse(std::string_view text) {
    text_ = text;
    entries_.clear();
    if (text.size() > std::numeric_limits<std::uint32_t>::max()) {
        return Error{ErrorCode::too_large, "the text is over 4 GiB"};
    }
    if (!is_utf8(text)) return Error{ErrorCode::invalid_record, "the text is not UTF-8"};
    JsonTreeParser parser(*this, text);
    if (parser.document()) return {};
    return Error{ErrorCode::invalid_record,
                 "invalid JSON at byte " + std::to_string(parser.position())};
}

JsonKind JsonNode::kind() const {
    return tree_->entries_[index_].kind;
}

bool JsonNode::is_number() const {
    return is(JsonKind::integer) || is(JsonKind::real);
}

bool JsonNode::is_bool() const {
    return is(JsonKind::yes) || is(JsonKind::no);
}

std::string_view JsonNode::raw() const {
    auto const& entry = tree_->entries_[index_];
    return tree_->text_.substr(entry.begin, entry.end - entry.begin);
}

std::string JsonNode::text() const {
    std::string_view const bytes = raw();
    auto const& entry = tree_->entries_[index_];
    if (entry.kind != JsonKind::string) return std::string(bytes);
    if (!entry.has_escapes) return std::string(bytes.substr(1, bytes.size() - 2));
    return unescape(bytes).value_or(std::string(bytes));
}

bool JsonNode::equals(std::string_view wanted) const {
    auto const& entry = tree_->entries_[index_];
    if (entry.kind != JsonKind::string) return false;
    if (entry.has_escapes) return text() == wanted;
    return entry.end - entry.begin == wanted.size() + 2 && raw().substr(1, wanted.size()) == wanted;
}

std::size_t JsonNode::size() const {
    return tree_->entries_[index_].size;
}

std::optional<JsonNode> JsonNode::find(std::string_view key) const {
    std::optional<JsonNode> found;
    each_member([&](JsonNode name, JsonNode value) {
        if (name.equals(key)) found = value;
        return true;
    });
    return found;
}

}  // namespace headrace::emulator
