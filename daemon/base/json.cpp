#include "base/json.hpp"

#include "base/json_grammar.hpp"
#include "base/number_list.hpp"
#include "base/utf8.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

namespace headrace {
namespace {

/// simdjson's DOM takes about 14 bytes of memory per byte of text: longer texts go to the judge
/// that takes none.
constexpr std::size_t fast_path_bytes_max = 128 * 1024;
constexpr std::size_t fast_path_bytes_min = 4 * 1024;
/// In a text as long as this it is worth looking for long lists of numbers.
constexpr std::size_t lists_bytes_min = 1024;

constexpr std::size_t nowhere = std::string_view::npos;

[[nodiscard]] bool is_space(char c) noexcept {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

[[nodiscard]] std::size_t after_space(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() && is_space(text[at]))
        ++at;
    return at;
}

/// The position after the string that begins at `at`; nowhere if it has no end.
[[nodiscard]] std::size_t after_string(std::string_view text, std::size_t at) noexcept {
    std::size_t const begin = at + 1;
    for (at = text.find('"', begin); at != nowhere; at = text.find('"', at + 1)) {
        // A quote is escaped if an odd number of backslashes stands before it.
        std::size_t first = at;
        while (first > begin && text[first - 1] == '\\')
            --first;
        if ((at - first) % 2 == 0) return at + 1;
    }
    return nowhere;
}

/// Sixteen bytes that are compared at once; any processor that we know has such registers.
using Block = std::uint8_t __attribute__((vector_size(16)));

[[nodiscard]] constexpr Block filled_with(std::uint8_t byte) noexcept {
    return Block{} + byte;
}

/// Moves over blocks of bytes in which no quote and no bracket stands: most of a vector.
[[nodiscard]] std::size_t after_plain_blocks(std::string_view text, std::size_t at) noexcept {
    for (; at + sizeof(Block) <= text.size(); at += sizeof(Block)) {
        Block block;
        std::memcpy(&block, text.data() + at, sizeof block);
        // With this bit set `[` is `{` and `]` is `}`.
        Block const folded = block | filled_with(0x20U);
        auto const found = (block == filled_with('"')) | (folded == filled_with('{')) |
                           (folded == filled_with('}'));
        std::array<std::uint64_t, sizeof(Block) / 8> words{};
        std::memcpy(words.data(), &found, sizeof found);
        if ((words[0] | words[1]) != 0) break;
    }
    return at;
}

constexpr auto structural = [] {
    std::array<bool, 256> table{};
    for (char const c : {'"', '{', '}', '[', ']'})
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

/// The position after the object or array that begins at `at`; brackets are counted, not matched:
/// the text was accepted.
[[nodiscard]] std::size_t after_container(std::string_view text, std::size_t at) noexcept {
    std::size_t depth = 0;
    while (at < text.size()) {
        char const c = text[at];
        if (!structural[static_cast<unsigned char>(c)]) {
            at = after_plain_blocks(text, at + 1);
        } else if (c == '"') {
            at = after_string(text, at);
            if (at == nowhere) return nowhere;
        } else {
            ++at;
            if (c == '{' || c == '[') {
                ++depth;
            } else if (--depth == 0) {
                return at;
            }
        }
    }
    return nowhere;
}

/// The position after the value that begins at `at`; nowhere if there is none.
[[nodiscard]] std::size_t after_value(std::string_view text, std::size_t at) noexcept {
    if (at >= text.size()) return nowhere;
    if (text[at] == '"') return after_string(text, at);
    if (text[at] == '{' || text[at] == '[') return after_container(text, at);
    std::size_t const end = std::min(text.find_first_of(",]}: \n\r\t\"[{", at), text.size());
    return end == at ? nowhere : end;
}

[[nodiscard]] bool is_key(std::string_view raw, std::string_view name) {
    std::string_view const inner = raw.substr(1, raw.size() - 2);
    if (inner.find('\\') == nowhere) return inner == name;
    auto const text = unescape(raw);
    return text && *text == name;
}

/// Calls `visit(raw key, raw value)` for each member in order, as far as the text is an object.
template <class Visit>
void visit_members(std::string_view object, Visit visit) {
    std::size_t at = 1;
    while (true) {
        std::size_t const key = after_space(object, at);
        if (key >= object.size() || object[key] != '"') return;
        std::size_t const key_end = after_string(object, key);
        if (key_end == nowhere) return;
        std::size_t const colon = after_space(object, key_end);
        if (colon >= object.size() || object[colon] != ':') return;
        std::size_t const value = after_space(object, colon + 1);
        std::size_t const value_end = after_value(object, value);
        if (value_end == nowhere) return;
        visit(object.substr(key, key_end - key), object.substr(value, value_end - value));
        std::size_t const comma = after_space(object, value_end);
        if (comma >= object.size() || object[comma] != ',') return;
        at = comma + 1;
    }
}

/// Of equal keys the last one counts, so the whole object is read.
[[nodiscard]] std::optional<std::string_view> find_member(std::string_view object,
                                                          std::string_view name) {
    std::optional<std::string_view> found;
    visit_members(object, [&](std::string_view key, std::string_view value) {
        if (is_key(key, name)) found = value;
    });
    return found;
}

[[nodiscard]] std::optional<std::size_t> parse_index(std::string_view token) {
    if (token.empty() || token.size() > 9 || (token.size() > 1 && token[0] == '0'))
        return std::nullopt;
    std::size_t index = 0;
    for (char const c : token) {
        if (c < '0' || c > '9') return std::nullopt;
        index = index * 10 + static_cast<std::size_t>(c - '0');
    }
    return index;
}

[[nodiscard]] std::optional<std::string_view> find_element(std::string_view array,
                                                           std::string_view token) {
    auto const index = parse_index(token);
    if (!index) return std::nullopt;
    std::size_t at = 1;
    for (std::size_t i = 0;; ++i) {
        std::size_t const value = after_space(array, at);
        if (value >= array.size() || array[value] == ']') return std::nullopt;
        std::size_t const value_end = after_value(array, value);
        if (value_end == nowhere) return std::nullopt;
        if (i == *index) return array.substr(value, value_end - value);
        std::size_t const comma = after_space(array, value_end);
        if (comma >= array.size() || array[comma] != ',') return std::nullopt;
        at = comma + 1;
    }
}

/// One reference token of RFC 6901 with `~1` and `~0` undone; nothing if a `~` stands for neither.
[[nodiscard]] std::optional<std::string> pointer_token(std::string_view raw) {
    std::string token;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] != '~') {
            token.push_back(raw[i]);
            continue;
        }
        ++i;
        if (i == raw.size() || (raw[i] != '0' && raw[i] != '1')) return std::nullopt;
        token.push_back(raw[i] == '0' ? '~' : '/');
    }
    return token;
}

[[nodiscard]] std::optional<unsigned> hex4(std::string_view text, std::size_t at) {
    if (text.size() < at + 4) return std::nullopt;
    unsigned value = 0;
    for (char const c : text.substr(at, 4)) {
        unsigned digit = 0;
        if (c >= '0' && c <= '9') {
            digit = static_cast<unsigned>(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            digit = static_cast<unsigned>(c - 'a') + 10;
        } else if (c >= 'A' && c <= 'F') {
            digit = static_cast<unsigned>(c - 'A') + 10;
        } else {
            return std::nullopt;
        }
        value = value * 16 + digit;
    }
    return value;
}

/// Undoes the `\u` escape whose digits begin at `at`, with its second half if it is a pair; a lone
/// surrogate becomes U+FFFD, as Go's decoder has it. Moves `at` behind it.
[[nodiscard]] bool append_unicode_escape(std::string& out, std::string_view inner,
                                         std::size_t& at) {
    auto const first = hex4(inner, at);
    if (!first) return false;
    at += 4;
    char32_t code_point = *first;
    if (*first >= 0xD800 && *first <= 0xDBFF && inner.substr(at).starts_with("\\u")) {
        auto const second = hex4(inner, at + 2);
        if (second && *second >= 0xDC00 && *second <= 0xDFFF) {
            code_point = 0x10000U + ((*first - 0xD800U) << 10U) + (*second - 0xDC00U);
            at += 6;
        }
    }
    append_utf8(out, code_point);
    return true;
}

/// Undoes the escape after the backslash at `at` and moves `at` behind it.
[[nodiscard]] bool append_escape(std::string& out, std::string_view inner, std::size_t& at) {
    if (at + 1 >= inner.size()) return false;
    char const kind = inner[at + 1];
    at += 2;
    switch (kind) {
        case '"':
        case '\\':
        case '/':
            out.push_back(kind);
            return true;
        case 'b':
            out.push_back('\b');
            return true;
        case 'f':
            out.push_back('\f');
            return true;
        case 'n':
            out.push_back('\n');
            return true;
        case 'r':
            out.push_back('\r');
            return true;
        case 't':
            out.push_back('\t');
            return true;
        case 'u':
            return append_unicode_escape(out, inner, at);
        default:
            return false;
    }
}

[[nodiscard]] bool needs_escape(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

void append_escaped(std::string& out, char c) {
    constexpr std::string_view hex = "0123456789abcdef";
    auto const byte = static_cast<unsigned char>(c);
    switch (c) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            out += "\\u00";
            out.push_back(hex[byte >> 4U]);
            out.push_back(hex[byte & 0xFU]);
    }
}

}  // namespace

struct JsonValidator::Impl {
    /// Where the copy has `[]` instead of a list of numbers.
    struct Cut {
        std::size_t at = 0;       ///< Of the closing bracket in the copy.
        std::size_t missing = 0;  ///< Bytes, together with those of all cuts before it.
    };

    simdjson::dom::parser parser;
    std::vector<char> scratch;
    std::string_view text;  ///< Checked last.
    std::size_t size = 0;   ///< Of its copy in the scratch memory; 0: there is none.
    std::vector<Cut> cuts;

    void start(std::string_view present) {
        text = present;
        size = 0;
        cuts.clear();
    }

    /// Whether simdjson takes the text for an object. Its refusals are not final: it minds the
    /// magnitude of numbers and lone surrogates.
    [[nodiscard]] bool accepts() {
        if (text.size() > fast_path_bytes_max) return false;
        std::size_t const needed = text.size() + simdjson::SIMDJSON_PADDING;
        if (scratch.size() < needed)
            scratch.resize(std::bit_ceil(std::max(needed, fast_path_bytes_min)));
        copy();
        std::memset(scratch.data() + size, ' ', simdjson::SIMDJSON_PADDING);
        simdjson::dom::element root;
        return parser.parse(scratch.data(), size, false).get(root) == simdjson::SUCCESS &&
               root.is_object();
    }

    /// Copies the text to the scratch memory, but for lists of plain numbers between brackets,
    /// which are checked on the way: with `[]` in their place the text is JSON if, and only if, it
    /// was, also where the brackets stand in a string. simdjson would convert every number.
    void copy() {
        auto const append = [&](std::string_view piece) {
            std::memcpy(scratch.data() + size, piece.data(), piece.size());
            size += piece.size();
        };
        std::size_t at = 0;
        auto bracket = text.size() < lists_bytes_min ? nowhere : text.find('[');
        for (; bracket != nowhere; bracket = text.find('[', at)) {
            append(text.substr(at, bracket + 1 - at));
            at = bracket + 1;
            auto const list = number_list_size(text.substr(at));
            if (list == 0) continue;
            at += list;
            cuts.push_back({.at = size, .missing = at - size});
        }
        append(text.substr(at));
    }

    /// Where a value's first or last byte of the copy stands in the text: no value begins behind a
    /// list's opening bracket, none ends before its closing one.
    [[nodiscard]] std::size_t in_text(char const* place) const {
        auto const at = static_cast<std::size_t>(place - scratch.data());
        auto const after = std::ranges::lower_bound(cuts, at, {}, &Cut::at);
        return at + (after == cuts.begin() ? 0 : std::prev(after)->missing);
    }
};

JsonValidator::JsonValidator() : impl_(std::make_unique<Impl>()) {}
JsonValidator::~JsonValidator() = default;
JsonValidator::JsonValidator(JsonValidator&&) noexcept = default;
JsonValidator& JsonValidator::operator=(JsonValidator&&) noexcept = default;

Result<void> JsonValidator::check_object(std::string_view text) {
    // Newer versions of simdjson skip a byte order mark: only what begins with a brace may take the
    // fast path.
    std::size_t const begin = after_space(text, 0);
    impl_->start(text);
    if (begin < text.size() && text[begin] == '{' && impl_->accepts()) return {};
    auto const fault = find_json_fault(text);
    if (!fault) return {};
    return Error{ErrorCode::invalid_record,
                 "the value is not one JSON object: " + std::string(fault->what) + " (byte " +
                     std::to_string(fault->at) + " of " + std::to_string(text.size()) + ")"};
}

std::optional<std::string_view> JsonValidator::find_member(std::string_view name) const {
    // A key may have lost what looked like a list, but then it has a bracket left.
    bool const by_copy = impl_->size != 0 && name.find('[') == nowhere;
    std::string_view const copy(impl_->scratch.data(), impl_->size);
    std::string_view const object = by_copy ? copy : impl_->text;
    auto const found = headrace::find_member(object.substr(after_space(object, 0)), name);
    if (!found || !by_copy) return found;
    auto const begin = impl_->in_text(found->data());
    return impl_->text.substr(begin, impl_->in_text(found->data() + found->size()) - begin);
}

std::optional<std::string_view> find_raw(std::string_view object, std::string_view pointer) {
    std::size_t const begin = after_space(object, 0);
    if (begin == object.size()) return std::nullopt;
    // Its end is looked for only if the object itself is meant: that costs as much as looking into
    // it.
    std::size_t const end = pointer.empty() ? after_value(object, begin) : object.size();
    if (end == nowhere) return std::nullopt;
    std::string_view value = object.substr(begin, end - begin);
    while (!pointer.empty()) {
        if (pointer.front() != '/') return std::nullopt;
        pointer.remove_prefix(1);
        std::size_t const token_size = std::min(pointer.find('/'), pointer.size());
        std::string_view token = pointer.substr(0, token_size);
        pointer.remove_prefix(token_size);
        std::optional<std::string> decoded;
        if (token.find('~') != nowhere) {
            decoded = pointer_token(token);
            if (!decoded) return std::nullopt;
            token = *decoded;
        }
        std::optional<std::string_view> next;
        if (value.front() == '{') next = find_member(value, token);
        if (value.front() == '[') next = find_element(value, token);
        if (!next) return std::nullopt;
        value = *next;
    }
    return value;
}

void find_members(std::string_view object, std::span<std::string_view const> names,
                  std::span<std::optional<std::string_view>> found) {
    std::size_t const begin = after_space(object, 0);
    if (begin == object.size() || object[begin] != '{') return;
    visit_members(object.substr(begin), [&](std::string_view key, std::string_view value) {
        for (std::size_t i = 0; i != names.size(); ++i) {
            if (is_key(key, names[i])) found[i] = value;
        }
    });
}

std::optional<std::string> unescape(std::string_view raw) {
    if (raw.size() < 2 || raw.front() != '"' || raw.back() != '"') return std::nullopt;
    std::string_view const inner = raw.substr(1, raw.size() - 2);
    std::string out;
    out.reserve(inner.size());
    for (std::size_t at = 0; at < inner.size();) {
        if (inner[at] == '"') return std::nullopt;
        if (inner[at] != '\\') {
            out.push_back(inner[at++]);
        } else if (!append_escape(out, inner, at)) {
            return std::nullopt;
        }
    }
    return out;
}

void append_json_string(std::string& out, std::string_view text) {
    out.push_back('"');
    for (std::size_t at = 0; at < text.size();) {
        if (needs_escape(text[at])) {
            append_escaped(out, text[at++]);
            continue;
        }
        std::size_t const length = utf8_length(text, at);
        if (length == 0) {
            append_utf8(out, 0xFFFD);
            ++at;
        } else {
            out.append(text, at, length);
            at += length;
        }
    }
    out.push_back('"');
}

bool is_utf8(std::string_view text) noexcept {
    return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace headrace
