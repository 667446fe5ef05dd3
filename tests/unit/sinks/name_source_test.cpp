#include "sinks/name_source.hpp"

#include "dialect_fixture.hpp"

namespace headrace::sinks {
namespace {

using fixture::record;

/// The name, or "stage/reason".
std::string find(NameSource& source, flow::Record const& record) {
    auto const found = source.find(record);
    if (auto const* refusal = std::get_if<flow::Refusal>(&found)) {
        CHECK(refusal->message.find("collection") != std::string::npos);
        return "refused: " + refusal->reason;
    }
    return std::string(std::get<std::string_view>(found));
}

std::string find(NameRule rule, flow::Record const& record) {
    NameSource source(std::move(rule), "collection");
    return find(source, record);
}

TEST_CASE("a fixed name is the name of every record") {
    NameSource source(fixture::fixed("docs"), "collection");
    CHECK(find(source, record("{}")) == "docs");
    CHECK(source.is_fixed());
    CHECK_FALSE(source.reads_value());
    CHECK(source.json_bytes_max() == 6);
}

TEST_CASE("a name by topic is listed, or the default, or refused") {
    NameRule rule{.from = NameRule::From::topic,
                  .value = {},
                  .by_topic = {{"clicks", "c\"lick"}},
                  .default_name = {}};
    CHECK(find(rule, record("{}")) == "c\"lick");
    CHECK(NameSource(rule, "collection").json_bytes_max() == 9);
    rule.by_topic = {{"other", "x"}};
    CHECK(find(rule, record("{}")) == "refused: no_name");
    rule.default_name = "rest";
    CHECK(find(rule, record("{}")) == "rest");
    CHECK(NameSource(rule, "collection").json_bytes_max() == 6);
}

TEST_CASE("a name by header is the last of that name") {
    auto rule = fixture::by_header("source");
    CHECK(find(rule, record("{}", std::nullopt,
                            {{"source", "a"}, {"other", "x"}, {"source", "b"}})) == "b");
    CHECK(find(rule, record("{}")) == "refused: no_name");
    CHECK(find(rule, record("{}", std::nullopt, {{"source", std::nullopt}})) == "refused: no_name");
    CHECK(NameSource(rule, "collection").json_bytes_max() == 512);
    rule.default_name = "rest";
    CHECK(find(rule, record("{}")) == "rest");
}

TEST_CASE("a name by field is an unescaped string, null counts as absent") {
    auto rule = fixture::by_field("/m/s");
    CHECK(NameSource(rule, "collection").reads_value());
    CHECK(find(rule, record(R"({"m":{"s":"a\u0062"}})")) == "ab");
    CHECK(find(rule, record(R"({"m":{"s":null}})")) == "refused: no_name");
    CHECK(find(rule, record(R"({"m":1})")) == "refused: no_name");
    CHECK(find(rule, record(std::nullopt)) == "refused: no_name");
    CHECK(find(rule, record(R"({"m":{"s":12}})")) == "refused: bad_name");
    rule.default_name = "rest";
    CHECK(find(rule, record(R"({})")) == "rest");
    CHECK(find(rule, record(R"({"m":{"s":12}})")) == "refused: bad_name");
}

TEST_CASE("names that cannot be names are refused") {
    auto const named = [](std::string_view name) {
        return find(fixture::by_header("source"), record("{}", std::nullopt, {{"source", name}}));
    };
    CHECK(named("") == "refused: bad_name");
    CHECK(named("a\nb") == "refused: bad_name");
    CHECK(named("a\x7F") == "refused: bad_name");
    CHECK(named("\xC3") == "refused: bad_name");
    CHECK(named(std::string(255, 'x')) == std::string(255, 'x'));
    CHECK(named(std::string(256, 'x')) == "refused: bad_name");
    CHECK(named("\xC3\xA4") == "\xC3\xA4");
}

}  // namespace
}  // namespace headrace::sinks
