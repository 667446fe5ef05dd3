#include "emulator/milvus_filter.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace headrace::emulator {
namespace {

FilterValue sample(std::string_view field) {
    using Kind = FilterValue::Kind;
    if (field == "id") return {Kind::number, "9007199254740993"};
    if (field == "score") return {Kind::number, "1.5"};
    if (field == "color") return {Kind::text, "red \"x\""};
    if (field == "ok") return {Kind::truth, "true"};
    return {};
}

bool matches(std::string const& text) {
    auto const filter = parse_milvus_filter(text, std::nullopt);
    CAPTURE(text);
    REQUIRE(filter);
    return filter->matches(sample);
}

}  // namespace

TEST_CASE("Milvus: filters select by comparison, list and logic") {
    for (auto const* text : {"",
                             "  ",
                             "id == 9007199254740993",
                             "id in [1,9007199254740993]",
                             "id != 1",
                             "id > 5",
                             "id >= 9007199254740993",
                             "score < 2",
                             "score <= 1.5",
                             "score == 1.5",
                             R"(color == "red \"x\"")",
                             "color in ['a', \"red \\\"x\\\"\"]",
                             "ok == true",
                             "id == 1 or ok == true",
                             "id != 1 and score < 2",
                             "id != 1 && score < 2 || id == 1",
                             "not (id == 1)",
                             "!(id == 1)",
                             "NOT id == 1 AND ok == true",
                             "(id == 1 OR score > 1)"}) {
        CHECK(matches(text));
    }
    for (auto const* text :
         {"id == 9007199254740992", "id in []", "id in [1]", "id > 9007199254740993",
          "color == 'blue'", "absent == 1", "absent != 1", "color == 5", "ok == false",
          "id == 1 or score > 2", "not (ok == true)", "score > 1.5"}) {
        CHECK_FALSE(matches(text));
    }
}

TEST_CASE("Milvus: names in braces come from exprParams") {
    JsonTree params;
    REQUIRE(params.parse(R"({"ids":[1,9007199254740993],"color":"red \"x\"","one":1})"));
    auto const parse = [&](std::string_view text) {
        return parse_milvus_filter(text, params.root());
    };
    CHECK(parse("id in {ids}")->matches(sample));
    CHECK(parse("color == {color}")->matches(sample));
    CHECK_FALSE(parse("id in {none}"));
    CHECK_FALSE(parse("id in {one}"));
    CHECK_FALSE(parse("id == {none}"));
    CHECK_FALSE(parse("id in {ids"));
    CHECK_FALSE(parse_milvus_filter("id in {ids}", std::nullopt));
}

TEST_CASE("Milvus: what is no filter is refused with the place of the fault") {
    std::string deep;
    for (int i = 0; i < 1000; ++i) {
        deep += "(";
    }
    for (std::string const& text :
         {std::string("id"), std::string("id =="), std::string("id = 1"), std::string("id in 1"),
          std::string("id in [1"), std::string("id in [1,]"), std::string("id == 'x"),
          std::string("id == \"x\\"), std::string("== 1"), std::string("id == 1 and"),
          std::string("(id == 1"), std::string("id == 1 2"), std::string("id == abc"),
          std::string("id == 1 or"), std::string("id in [x]"), deep, std::string("not ") + deep}) {
        CAPTURE(text);
        auto const filter = parse_milvus_filter(text, std::nullopt);
        REQUIRE_FALSE(filter);
        CHECK(filter.error().message.find("at byte") != std::string::npos);
    }
}

TEST_CASE("Milvus: a filter on nothing but the key names its keys") {
    auto const keys = [](std::string_view text) {
        return parse_milvus_filter(text, std::nullopt)->keys("id");
    };
    CHECK(keys("id in [1,2]")->size() == 2);
    CHECK(keys("id == 5")->front().text == "5");
    CHECK_FALSE(keys("id > 5"));
    CHECK_FALSE(keys("other in [1]"));
    CHECK_FALSE(keys("id == 1 or id == 2"));
}

TEST_CASE("Milvus: JSON values are seen as numbers, texts, truths or nothing") {
    JsonTree tree;
    REQUIRE(tree.parse(R"([1,"a",true,null])"));
    std::string kinds;
    tree.root().each_item([&](JsonNode item) {
        kinds += std::to_string(static_cast<int>(filter_value(item).kind));
        return true;
    });
    CHECK(kinds == "1230");
}

}  // namespace headrace::emulator
