// What a PromQL expression asks for: the series that it selects, by name and labels, and the labels
// that it groups by. For the tests that hold the alert rules and the dashboard against a scrape; it
// is no parser of PromQL, and passes over what names nothing. promtool judges the syntax.
// Thread safety: plain values.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::monitoring {

struct Matcher {
    std::string label;
    std::string relation;  ///< =, !=, =~ or !~.
    std::string value;
};

struct Selector {
    std::string name;
    std::vector<Matcher> matchers;
};

struct Query {
    std::vector<Selector> selectors;
    std::set<std::string> grouping;  ///< Of by, without, on, ignoring and group_left.
};

/// Throws std::runtime_error where a string or a brace is not closed.
[[nodiscard]] Query read_query(std::string_view text);

}  // namespace headrace::monitoring
