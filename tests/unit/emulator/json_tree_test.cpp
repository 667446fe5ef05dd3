#include "emulator/json_tree.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace headrace::emulator {

TEST_CASE("a JSON text is accepted by grammar alone") {
    auto const* text = GENERATE(
        "{}", " [1 , 2]\n", "\"a\"", "-0", "1e400", "1234567890123456789012345678901234567890",
        "{\"a\":{\"b\":[null,true,false,1.5E-3]}}", "\"\\u00e9\\n\\\"\"", "\"\\ud800\"");
    JsonTree tree;
    CHECK(tree.parse(text).has_value());
}

TEST_CASE("a text that is not JSON is refused with the place of the fault") {
    auto const* text =
        GENERATE("", "{", "[1,]", "{\"a\" 1}", "{\"a\":1,}", "{a:1}", "01", "1.", "1e", "-", "tru",
                 "nul", "falsy", "\"a", "\"\\x\"", "\"\\u12g4\"", "\"\\u12", "\"\\", "\"\n\"",
                 "1 2", "[1 2]", "NaN", "+1", ".5", "\xFF", "\"\xC3\"", "{\"a\":}", "{1:2}");
    JsonTree tree;
    auto const parsed = tree.parse(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == ErrorCode::invalid_record);
}

TEST_CASE("nesting deeper than the limit is refused, not a crash") {
    JsonTree tree;
    CHECK_FALSE(tree.parse(std::string(100'000, '[')).has_value());
    CHECK(tree.parse(std::string(900, '[') + std::string(900, ']')).has_value());
}

TEST_CASE("values keep their bytes and the last of equal keys counts") {
    JsonTree tree;
    REQUIRE(
        tree.parse(R"({"a":1, "n":12345678901234567890.10 ,"t":"x\ty","\u0061":2,"l":[1,"2"]})"));
    auto const root = tree.root();
    CHECK(root.size() == 5);
    CHECK(root.find("a")->raw() == "2");
    CHECK(root.find("n")->raw() == "12345678901234567890.10");
    CHECK(root.find("t")->text() == "x\ty");
    CHECK(root.find("t")->equals("x\ty"));
    CHECK_FALSE(root.find("t")->equals("x"));
    CHECK_FALSE(root.find("a")->equals("2"));
    CHECK(root.find("l")->raw() == R"([1,"2"])");
    CHECK(root.find("n")->is(JsonKind::real));
    CHECK(root.find("a")->is_number());
    CHECK_FALSE(root.find("t")->is_bool());
    CHECK_FALSE(root.find("absent").has_value());
    CHECK_FALSE(root.find("l")->find("a").has_value());
}

TEST_CASE("items and members are visited in order until the visitor says no") {
    JsonTree tree;
    REQUIRE(tree.parse(R"([[1,2],{"a":[3]},4])"));
    std::string seen;
    CHECK(tree.root().each_item([&](JsonNode item) {
        seen += std::string(item.raw()) + ";";
        return true;
    }));
    CHECK(seen == R"([1,2];{"a":[3]};4;)");
    int visited = 0;
    CHECK_FALSE(tree.root().each_item([&](JsonNode) { return ++visited < 2; }));
    CHECK(visited == 2);
    CHECK(tree.root().each_member([](JsonNode, JsonNode) { return false; }));
    REQUIRE(tree.parse(R"({"a":{"x":1},"b":2})"));
    std::string keys;
    CHECK_FALSE(tree.root().each_member([&](JsonNode key, JsonNode) {
        keys += key.text();
        return keys != "ab";
    }));
    CHECK(keys == "ab");
    CHECK(tree.root().each_item([](JsonNode) { return false; }));
}

}  // namespace headrace::emulator
