#include "promql.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::monitoring {
namespace {

std::vector<std::string> names(std::string_view text) {
    std::vector<std::string> out;
    for (auto const& selector : read_query(text).selectors)
        out.push_back(selector.name);
    return out;
}

}  // namespace

TEST_CASE("metrics are told from functions, aggregations, labels, durations and strings") {
    CHECK(names("sum by (route) (rate(a_total{x=\"b_total\"}[5m])) / (sum(c) > 0)") ==
          std::vector<std::string>{"a_total", "c"});
    CHECK(names("up == 0 and on (job, instance) count by (job) (max_over_time(d[1h]))") ==
          std::vector<std::string>{"up", "d"});
    CHECK(names("e unless e offset 15m > 0.05 * 9e9") == std::vector<std::string>{"e", "e"});
    CHECK(names("route:f:sum > bool on () group_left () 1") ==
          std::vector<std::string>{"route:f:sum"});
}

TEST_CASE("labels are read with what they are compared to") {
    auto const query = read_query(R"(a{x="1", y=~"2|3",z!~"$q\"}"} * on (job, x) b)");
    REQUIRE(query.selectors.size() == 2);
    auto const& matchers = query.selectors[0].matchers;
    REQUIRE(matchers.size() == 3);
    CHECK(matchers[0].label == "x");
    CHECK(matchers[1].relation == "=~");
    CHECK(matchers[1].value == "2|3");
    CHECK(matchers[2].label == "z");
    CHECK(query.selectors[1].name == "b");
    CHECK(query.grouping == std::set<std::string>{"job", "x"});
}

TEST_CASE("an expression that is cut off is refused") {
    CHECK_THROWS(read_query("a{x=\"1"));
    CHECK_THROWS(read_query("a[5m"));
    CHECK_THROWS(read_query("a{x"));
}

}  // namespace headrace::monitoring
