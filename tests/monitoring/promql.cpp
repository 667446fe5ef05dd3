#include "promql.hpp"

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace headrace::monitoring {
namespace {

/// Words that stand before a list of labels.
std::set<std::string_view> const before_labels{"by",       "without",    "on",
                                               "ignoring", "group_left", "group_right"};
/// Words that are no metric though no parenthesis follows at once.
std::set<std::string_view> const words{
    "and", "or",    "unless", "bool",   "offset",   "inf",  "nan",     "sum",    "min",   "max",
    "avg", "count", "group",  "stddev", "quantile", "topk", "bottomk", "stdvar", "atan2",
};

bool is_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':';
}

class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    Query read() {
        while (skip_spaces(), !rest_.empty()) {
            char const next = rest_.front();
            if (next == '"' || next == '\'') {
                quoted();
            } else if (next == '[') {
                until(']');
            } else if (next == '{') {
                matchers();
            } else if (std::isdigit(static_cast<unsigned char>(next)) != 0) {
                number();
            } else if (is_name(next)) {
                word();
            } else {
                rest_.remove_prefix(1);
            }
        }
        return std::move(query_);
    }

  private:
    void word() {
        auto const name = take_name();
        skip_spaces();
        bool const is_called = rest_.starts_with('(');
        if (before_labels.contains(name)) {
            if (is_called) labels();
        } else if (!is_called && !words.contains(name)) {
            query_.selectors.push_back({std::string(name), {}});
        }
    }

    void labels() {
        auto list = until(')');
        list.remove_prefix(1);
        std::string label;
        for (char const c : list) {
            if (is_name(c)) {
                label += c;
            } else if (!label.empty()) {
                query_.grouping.insert(std::move(label));
                label.clear();
            }
        }
    }

    void matchers() {
        if (query_.selectors.empty()) throw std::runtime_error("labels without a name");
        rest_.remove_prefix(1);
        while (skip_spaces(), !rest_.starts_with('}')) {
            Matcher matcher;
            matcher.label = take_name();
            skip_spaces();
            while (!rest_.empty() && std::string_view("=!~").find(rest_.front()) < 3) {
                matcher.relation += rest_.front();
                rest_.remove_prefix(1);
            }
            skip_spaces();
            matcher.value = quoted();
            query_.selectors.back().matchers.push_back(std::move(matcher));
            skip_spaces();
            if (rest_.starts_with(',')) rest_.remove_prefix(1);
        }
        rest_.remove_prefix(1);
    }

    std::string_view take_name() {
        auto const end = std::find_if_not(rest_.begin(), rest_.end(), is_name);
        return take(static_cast<std::size_t>(end - rest_.begin()));
    }

    /// With its unit or exponent.
    void number() {
        auto const end = std::find_if_not(rest_.begin(), rest_.end(),
                                          [](char c) { return is_name(c) || c == '.'; });
        std::ignore = take(static_cast<std::size_t>(end - rest_.begin()));
    }

    std::string_view quoted() {
        if (rest_.empty()) throw std::runtime_error("a value is missing");
        char const quote = rest_.front();
        rest_.remove_prefix(1);
        std::size_t end = 0;
        while (end < rest_.size() && rest_[end] != quote)
            end += rest_[end] == '\\' ? 2 : 1;
        if (end >= rest_.size()) throw std::runtime_error("a string is not closed");
        auto const text = take(end);
        rest_.remove_prefix(1);
        return text;
    }

    std::string_view until(char closing) {
        auto const end = rest_.find(closing);
        if (end == std::string_view::npos) throw std::runtime_error("a bracket is not closed");
        return take(end + 1);
    }

    std::string_view take(std::size_t count) {
        auto const taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }

    void skip_spaces() {
        while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front())) != 0)
            rest_.remove_prefix(1);
    }

    std::string_view rest_;
    Query query_;
};

}  // namespace

Query read_query(std::string_view text) {
    return Reader(text).read();
}

}  // namespace headrace::monitoring
