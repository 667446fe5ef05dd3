#include "kafka/topic_pattern.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::kafka {
namespace {

using Topics = std::vector<std::string>;

TEST_CASE("names and one pattern are taken, anything else says what is wrong") {
    CHECK(check_topics({"clicks"}).has_value());
    CHECK(check_topics({"a.b_c-D9", "x"}).has_value());
    CHECK(check_topics({"^clicks-.*"}).has_value());
    CHECK_FALSE(check_topics({}).has_value());
    CHECK_FALSE(check_topics({""}).has_value());
    CHECK_FALSE(check_topics({".."}).has_value());
    CHECK_FALSE(check_topics({"a b"}).has_value());
    CHECK_FALSE(check_topics({std::string(250, 'a')}).has_value());
    CHECK(check_topics({"^a", "b"}).error().message.find("stands alone") != std::string::npos);
    CHECK(check_topics({"^a("}).error().message.find("^a(") != std::string::npos);
}

TEST_CASE("matching finds names exactly and patterns as POSIX does") {
    Topics const existing{"clicks", "clicks-eu", "docs"};
    CHECK(matching({"clicks", "gone"}, existing) == Topics{"clicks"});
    CHECK(matching({"^clicks"}, existing) == Topics{"clicks", "clicks-eu"});
    CHECK(matching({"^(docs|clicks)$"}, existing) == Topics{"clicks", "docs"});
    CHECK(matching({"^("}, existing).empty());
    CHECK(is_pattern({"^a"}));
    CHECK_FALSE(is_pattern({"a"}));
}

}  // namespace
}  // namespace headrace::kafka
