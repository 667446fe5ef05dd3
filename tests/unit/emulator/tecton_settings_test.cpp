#include "emulator/tecton_settings.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace headrace::emulator {

TEST_CASE("Tecton: types are read as Tecton writes them") {
    CHECK(parse_tecton_type("Int64")->kind == TectonKind::int64);
    CHECK(parse_tecton_type("Int32")->kind == TectonKind::int32);
    CHECK(parse_tecton_type("Float64")->kind == TectonKind::float64);
    CHECK(parse_tecton_type("Float32")->kind == TectonKind::float32);
    CHECK(parse_tecton_type("String")->kind == TectonKind::text);
    CHECK(parse_tecton_type("Bool")->kind == TectonKind::boolean);
    CHECK(parse_tecton_type(" Timestamp ")->kind == TectonKind::timestamp);
    auto const map = parse_tecton_type("Map( String , Array(Float64) )");
    REQUIRE(map);
    CHECK(map->kind == TectonKind::map);
    CHECK(map->parts.front().type.parts.front().type.kind == TectonKind::float64);
    auto const structure = parse_tecton_type("Struct(a Int64, b Struct(c String))");
    REQUIRE(structure);
    CHECK(structure->parts.at(1).name == "b");
    CHECK(structure->parts.at(1).type.parts.front().name == "c");
}

TEST_CASE("Tecton: what is no type is refused") {
    auto const* text = GENERATE("", "int64", "Array", "Array(", "Array()", "Array(Bool)",
                                "Array(Int32)", "Map(Int64, String)", "Map(String)", "Struct()",
                                "Struct(a)", "Int64 x", "Array(Int64");
    CHECK_FALSE(parse_tecton_type(text).has_value());
    std::string deep;
    for (int i = 0; i < 1000; ++i) {
        deep += "Array(";
    }
    CHECK_FALSE(parse_tecton_type(deep).has_value());
}

TEST_CASE("Tecton: the default settings have what the demo and the tests need") {
    auto const settings = default_tecton_settings();
    CHECK(settings.workspaces.front().name == "prod");
    CHECK(settings.keys.front().secret == "demo-key");
    REQUIRE(settings.sources.size() == 3);
    CHECK(settings.sources[0].name == "clicks");
    CHECK(settings.sources[1].name == "views");
    CHECK(settings.sources[2].name == "purchases");
    CHECK(settings.views.size() == 3);
}

}  // namespace headrace::emulator
