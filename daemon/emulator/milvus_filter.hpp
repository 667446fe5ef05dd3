// The part of Milvus's filter language that tests and clients need: comparisons, `in`, `and`, `or`,
// `not`, parentheses, and `{name}` from exprParams. Pure.
#pragma once

#include "base/result.hpp"
#include "emulator/json_tree.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::emulator {

/// A value in a filter or in a row.
struct FilterValue {
    enum class Kind : std::uint8_t {
        none,    ///< Missing or null: compares with nothing.
        number,  ///< Digits as written.
        text,    ///< A string without its quotes.
        truth,   ///< "true" or "false".
    };
    Kind kind = Kind::none;
    std::string text;
};

struct MilvusFilter {
    enum class Kind : std::uint8_t {
        everything,  ///< An empty filter.
        in,          ///< `field in [values]`
        compare,     ///< `field OP values[0]`
        all_of,      ///< `and`
        any_of,      ///< `or`
        none_of,     ///< `not`
    };
    Kind kind = Kind::everything;
    std::string field;
    std::string comparison;  ///< `==`, `!=`, `<`, `<=`, `>`, `>=`.
    std::vector<FilterValue> values;
    std::vector<MilvusFilter> parts;

    /// Whether a row matches; `value_of` gives a field of it.
    [[nodiscard]] bool matches(
        std::function<FilterValue(std::string_view field)> const& value_of) const;
    /// The keys, if the filter names nothing but keys: `key in [..]` or `key == k`.
    [[nodiscard]] std::optional<std::vector<FilterValue>> keys(std::string_view key_field) const;
};

/// Reads a filter; the error says at which byte it stops making sense.
[[nodiscard]] Result<MilvusFilter> parse_milvus_filter(std::string_view text,
                                                       std::optional<JsonNode> params);

/// A JSON value as a filter sees it.
[[nodiscard]] FilterValue filter_value(JsonNode value);

}  // namespace headrace::emulator
