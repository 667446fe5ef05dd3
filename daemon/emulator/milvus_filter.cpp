#include "emulator/milvus_filter.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace headrace::emulator {
namespace {

constexpr int nesting_max = 64;

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$';
}

template <class T>
std::optional<T> number_of(std::string const& text) {
    T number{};
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// Below, equal, above as -1, 0, 1; nothing if the two cannot be compared.
std::optional<int> compare(FilterValue const& left, FilterValue const& right) {
    if (left.kind == FilterValue::Kind::none || left.kind != right.kind) return std::nullopt;
    auto const sign = [](auto const& a, auto const& b) { return a < b ? -1 : (b < a ? 1 : 0); };
    if (left.kind != FilterValue::Kind::number) return sign(left.text, right.text);
    auto const a = number_of<std::int64_t>(left.text);
    auto const b = number_of<std::int64_t>(right.text);
    if (a && b) return sign(*a, *b);
    auto const x = number_of<double>(left.text);
    auto const y = number_of<double>(right.text);
    if (!x || !y) return std::nullopt;
    return sign(*x, *y);
}

bool holds(int order, std::string_view comparison) {
    if (comparison == "==") return order == 0;
    if (comparison == "!=") return order != 0;
    if (comparison == "<") return order < 0;
    if (comparison == "<=") return order <= 0;
    if (comparison == ">") return order > 0;
    return order >= 0;
}

class FilterParser {
  public:
    FilterParser(std::string_view text, std::optional<JsonNode> params)
        : text_(text), params_(params) {}

    bool whole(MilvusFilter& filter) {
        skip_space();
        if (at_ == text_.size()) return true;
        if (!either(filter, 0)) return false;
        skip_space();
        return at_ == text_.size();
    }
    [[nodiscard]] std::size_t position() const { return at_; }

  private:
    void skip_space() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
            ++at_;
        }
    }

    bool take(std::string_view wanted) {
        skip_space();
        if (!text_.substr(at_).starts_with(wanted)) return false;
        at_ += wanted.size();
        return true;
    }

    bool take_word(std::string_view lower, std::string_view upper) {
        skip_space();
        auto const rest = text_.substr(at_);
        if (!rest.starts_with(lower) && !rest.starts_with(upper)) return false;
        if (rest.size() > lower.size() && is_word(rest[lower.size()])) return false;
        at_ += lower.size();
        return true;
    }

    bool either(MilvusFilter& filter, int depth) {
        std::vector<MilvusFilter> parts(1);
        if (depth > nesting_max || !both(parts.back(), depth)) return false;
        while (take("||") || take_word("or", "OR")) {
            if (!both(parts.emplace_back(), depth)) return false;
        }
        join(filter, MilvusFilter::Kind::any_of, std::move(parts));
        return true;
    }

    bool both(MilvusFilter& filter, int depth) {
        std::vector<MilvusFilter> parts(1);
        if (!term(parts.back(), depth)) return false;
        while (take("&&") || take_word("and", "AND")) {
            if (!term(parts.emplace_back(), depth)) return false;
        }
        join(filter, MilvusFilter::Kind::all_of, std::move(parts));
        return true;
    }

    static void join(MilvusFilter& filter, MilvusFilter::Kind kind,
                     std::vector<MilvusFilter> parts) {
        if (parts.size() == 1) {
            filter = std::move(parts.front());
            return;
        }
        filter.kind = kind;
        filter.parts = std::move(parts);
    }

    bool term(MilvusFilter& filter, int depth) {
        if (depth > nesting_max) return false;
        if (take_word("not", "NOT") || (!text_.substr(at_).starts_with("!=") && take("!"))) {
            filter.kind = MilvusFilter::Kind::none_of;
            return term(filter.parts.emplace_back(), depth + 1);
        }
        if (take("(")) return either(filter, depth + 1) && take(")");
        return field(filter) && predicate(filter);
    }

    bool field(MilvusFilter& filter) {
        skip_space();
        auto const from = at_;
        while (at_ < text_.size() && is_word(text_[at_])) {
            ++at_;
        }
        filter.field = text_.substr(from, at_ - from);
        return !filter.field.empty();
    }

    bool predicate(MilvusFilter& filter) {
        if (take_word("in", "IN")) {
            filter.kind = MilvusFilter::Kind::in;
            return list(filter.values);
        }
        filter.kind = MilvusFilter::Kind::compare;
        static constexpr std::array<std::string_view, 6> signs{"==", "!=", "<=", ">=", "<", ">"};
        auto const sign =
            std::find_if(signs.begin(), signs.end(), [&](auto text) { return take(text); });
        if (sign == signs.end()) return false;
        filter.comparison = *sign;
        return value(filter.values);
    }

    bool list(std::vector<FilterValue>& values) {
        if (take("{")) {
            auto const param = parameter();
            return param && param->is(JsonKind::array) && param->each_item([&](JsonNode item) {
                values.push_back(filter_value(item));
                return true;
            });
        }
        if (!take("[")) return false;
        if (take("]")) return true;
        do {
            if (!value(values)) return false;
        } while (take(","));
        return take("]");
    }

    std::optional<JsonNode> parameter() {
        auto const end = text_.find('}', at_);
        if (end == std::string_view::npos || !params_) return std::nullopt;
        auto const name = text_.substr(at_, end - at_);
        at_ = end + 1;
        return params_->find(name);
    }

    bool value(std::vector<FilterValue>& values) {
        if (take("{")) {
            auto const param = parameter();
            if (param) values.push_back(filter_value(*param));
            return param.has_value();
        }
        skip_space();
        if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) {
            return quoted(values);
        }
        auto const from = at_;
        while (at_ < text_.size() && (is_word(text_[at_]) || text_[at_] == '.' ||
                                      text_[at_] == '-' || text_[at_] == '+')) {
            ++at_;
        }
        std::string word(text_.substr(from, at_ - from));
        if (word == "true" || word == "false") {
            values.push_back({FilterValue::Kind::truth, std::move(word)});
            return true;
        }
        if (!number_of<double>(word)) return false;
        values.push_back({FilterValue::Kind::number, std::move(word)});
        return true;
    }

    bool quoted(std::vector<FilterValue>& values) {
        char const quote = text_[at_];
        auto const from = at_++;
        while (at_ < text_.size() && text_[at_] != quote) {
            at_ += text_[at_] == '\\' ? 2 : 1;
        }
        if (at_ >= text_.size()) return false;
        ++at_;
        auto const inner = text_.substr(from + 1, at_ - from - 2);
        JsonTree tree;
        std::string const json = '"' + std::string(inner) + '"';
        bool const is_json = quote == '"' && tree.parse(json).has_value();
        values.push_back(
            {FilterValue::Kind::text, is_json ? tree.root().text() : std::string(inner)});
        return true;
    }

    std::string_view text_;
    std::optional<JsonNode> params_;
    std::size_t at_ = 0;
};

}  // namespace

Result<MilvusFilter> parse_milvus_filter(std::string_view text, std::optional<JsonNode> params) {
    MilvusFilter filter;
    FilterParser parser(text, params);
    if (parser.whole(filter)) return filter;
    return Error{ErrorCode::invalid_argument,
                 "failed to create query plan: cannot parse expression at byte " +
                     std::to_string(parser.position())};
}

FilterValue filter_value(JsonNode value) {
    if (value.is(JsonKind::null)) return {};
    if (value.is_number()) return {FilterValue::Kind::number, std::string(value.raw())};
    if (value.is_bool()) return {FilterValue::Kind::truth, std::string(value.raw())};
    return {FilterValue::Kind::text, value.text()};
}

bool MilvusFilter::matches(std::function<FilterValue(std::string_view)> const& value_of) const {
    auto const part_matches = [&](MilvusFilter const& part) { return part.matches(value_of); };
    switch (kind) {
        case Kind::everything:
            return true;
        case Kind::all_of:
            return std::all_of(parts.begin(), parts.end(), part_matches);
        case Kind::any_of:
            return std::any_of(parts.begin(), parts.end(), part_matches);
        case Kind::none_of:
            return !part_matches(parts.front());
        case Kind::in: {
            auto const value = value_of(field);
            return std::any_of(values.begin(), values.end(),
                               [&](FilterValue const& item) { return compare(value, item) == 0; });
        }
        case Kind::compare: {
            auto const order = compare(value_of(field), values.front());
            return order && holds(*order, comparison);
        }
    }
    return false;
}

std::optional<std::vector<FilterValue>> MilvusFilter::keys(std::string_view key_field) const {
    bool const names_keys = kind == Kind::in || (kind == Kind::compare && comparison == "==");
    if (!names_keys || field != key_field) return std::nullopt;
    return values;
}

}  // namespace headrace::emulator
