#include "base/json_grammar.hpp"

#include "base/json.hpp"
#include "base/utf8.hpp"

#include <bitset>

namespace headrace {
namespace {

/// What the grammar allows at the next byte that is not white space.
enum class Expect {
    value,         ///< Any value.
    value_or_end,  ///< After `[`.
    key,           ///< After `,` in an object.
    key_or_end,    ///< After `{`.
    after_value,   ///< `,`, a closing bracket, or the end of the text.
    nothing,       ///< The end was reached.
};

class Grammar {
  public:
    explicit Grammar(std::string_view text) : text_(text) {}

    std::optional<JsonFault> run() {
        if (!check_begin()) return fault_;
        while (expect_ != Expect::nothing) {
            skip_space();
            if (!step()) return fault_;
        }
        return std::nullopt;
    }

  private:
    bool check_begin() {
        if (text_.starts_with("\xEF\xBB\xBF")) return fail("it begins with a byte order mark");
        skip_space();
        if (at_end()) return fail("it is empty");
        if (peek() != '{') return fail("it is not an object");
        return true;
    }

    bool step() {
        if (expect_ == Expect::after_value) return after_value();
        if (at_end()) return fail("it ends too early");
        if (expect_ == Expect::value_or_end && peek() == ']') return close(']');
        if (expect_ == Expect::key_or_end && peek() == '}') return close('}');
        if (expect_ == Expect::key || expect_ == Expect::key_or_end) return take_key();
        return take_value();
    }

    bool after_value() {
        if (depth_ == 0) {
            expect_ = Expect::nothing;
            return at_end() || fail("something follows the object");
        }
        if (at_end()) return fail("it ends too early");
        if (peek() != ',') return close(in_object() ? '}' : ']');
        ++at_;
        expect_ = in_object() ? Expect::key : Expect::value;
        return true;
    }

    bool take_key() {
        if (peek() != '"') return fail("a key in quotes is missing");
        if (!take_string()) return false;
        skip_space();
        if (at_end() || peek() != ':') return fail("a colon is missing after a key");
        ++at_;
        expect_ = Expect::value;
        return true;
    }

    bool take_value() {
        expect_ = Expect::after_value;
        switch (peek()) {
            case '{':
                return open(true);
            case '[':
                return open(false);
            case '"':
                return take_string();
            case 't':
                return take_word("true");
            case 'f':
                return take_word("false");
            case 'n':
                return take_word("null");
            default:
                return take_number();
        }
    }

    bool open(bool is_object) {
        if (depth_ == json_depth_max) return fail("it is nested more than 1024 deep");
        objects_[depth_++] = is_object;
        ++at_;
        expect_ = is_object ? Expect::key_or_end : Expect::value_or_end;
        return true;
    }

    bool close(char bracket) {
        if (peek() != bracket) return fail("a comma or a closing bracket is missing");
        --depth_;
        ++at_;
        expect_ = Expect::after_value;
        return true;
    }

    bool take_word(std::string_view word) {
        if (!text_.substr(at_).starts_with(word)) return fail("a value is missing or misspelt");
        at_ += word.size();
        return true;
    }

    bool take_number() {
        std::size_t const begin = at_;
        if (peek() == '-') ++at_;
        std::size_t const digits = at_;
        if (take_digits() == 0) {
            if (digits == begin) return fail("a value is missing or misspelt");
            return fail("a number is malformed");
        }
        if (text_[digits] == '0' && at_ != digits + 1) return fail("a number begins with a zero");
        if (!at_end() && peek() == '.') {
            ++at_;
            if (take_digits() == 0) return fail("a number is malformed");
        }
        if (!at_end() && (peek() == 'e' || peek() == 'E')) {
            ++at_;
            if (!at_end() && (peek() == '+' || peek() == '-')) ++at_;
            if (take_digits() == 0) return fail("a number is malformed");
        }
        return true;
    }

    std::size_t take_digits() {
        std::size_t const begin = at_;
        while (!at_end() && peek() >= '0' && peek() <= '9')
            ++at_;
        return at_ - begin;
    }

    bool take_string() {
        ++at_;
        while (!at_end()) {
            auto const byte = static_cast<unsigned char>(peek());
            if (byte == '"') {
                ++at_;
                return true;
            }
            if (byte == '\\') {
                if (!take_escape()) return false;
            } else if (byte < 0x20) {
                return fail("a string holds a control character");
            } else {
                std::size_t const length = utf8_length(text_, at_);
                if (length == 0) return fail("a string is not UTF-8");
                at_ += length;
            }
        }
        return fail("a string has no end");
    }

    bool take_escape() {
        ++at_;
        if (at_end()) return fail("a string has no end");
        char const kind = peek();
        ++at_;
        if (std::string_view(R"("\/bfnrt)").find(kind) != std::string_view::npos) return true;
        if (kind != 'u') return fail("a string holds an unknown escape");
        for (int i = 0; i < 4; ++i, ++at_) {
            if (at_end() ||
                std::string_view("0123456789abcdefABCDEF").find(peek()) == std::string_view::npos) {
                return fail("a string holds a malformed \\u escape");
            }
        }
        return true;
    }

    void skip_space() {
        while (!at_end() && (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t')) {
            ++at_;
        }
    }

    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
    [[nodiscard]] char peek() const { return text_[at_]; }
    [[nodiscard]] bool in_object() const { return objects_[depth_ - 1]; }

    bool fail(std::string_view what) {
        fault_ = JsonFault{at_, what};
        return false;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    std::bitset<json_depth_max> objects_;
    Expect expect_ = Expect::value;
    std::optional<JsonFault> fault_;
};

static_assert(json_depth_max == 1024, "the text of the depth fault names the limit");

}  // namespace

std::optional<JsonFault> find_json_fault(std::string_view text) {
    return Grammar(text).run();
}

}  // namespace headrace
