#include "emulator/milvus_rows.hpp"

#include <catch2/catch_test_macros.hpp>

#include <vector>

namespace headrace::emulator {
namespace {

MilvusCollection with_field(MilvusField field) {
    MilvusCollection collection;
    MilvusField key;
    key.name = "id";
    key.is_primary = true;
    field.name = "f";
    collection.fields = {key, std::move(field)};
    return collection;
}

MilvusField of(MilvusType type, std::size_t dim = 0) {
    MilvusField field;
    field.type = type;
    field.dim = dim;
    return field;
}

std::int64_t code(std::string const& row, MilvusCollection const& collection, bool lenient = false,
                  MilvusOperation operation = MilvusOperation::upsert) {
    JsonTree tree;
    REQUIRE(tree.parse(row));
    auto const fault = find_row_fault(tree.root(), 3, collection, operation, lenient);
    return fault ? fault->code : 0;
}

std::int64_t value_code(std::string const& value, MilvusField const& field, bool lenient = false) {
    return code(R"({"id":1,"f":)" + value + "}", with_field(field), lenient);
}

}  // namespace

TEST_CASE("Milvus contract 4: each type takes the JSON of section 4 and refuses the rest as 1804") {
    struct Row {
        MilvusField field;
        std::vector<char const*> good;
        std::vector<char const*> bad;
    };
    auto array = of(MilvusType::array);
    array.element = MilvusType::int64;
    std::vector<Row> const rows{
        {of(MilvusType::boolean), {"true", "\"false\""}, {"1", "\"yes\"", "[]"}},
        {of(MilvusType::int8), {"127", "\"-128\""}, {"128", "1.0", "\"x\"", "true"}},
        {of(MilvusType::int16), {"32767"}, {"32768"}},
        {of(MilvusType::int32), {"2147483647"}, {"2147483648"}},
        {of(MilvusType::int64),
         {"9007199254740993", "\"9223372036854775807\""},
         {"9223372036854775808", "1.5", "{}", "\"\""}},
        {of(MilvusType::float32), {"1", "\"1.5\"", "1e-60"}, {"1e39", "\"x\"", "true", "\"\""}},
        {of(MilvusType::float64), {"1e300"}, {"1e400", "\"1.5x\""}},
        {of(MilvusType::varchar), {"\"\"", "\"x\""}, {"5", "true", "{}"}},
        {of(MilvusType::json), {"{}", "[1]", "5", "null", "\"x\""}, {}},
        {array, {"[]", "[1,\"2\"]"}, {"[null]", "[1.5]", "1", "{}"}},
        {of(MilvusType::float_vector, 2),
         {"[1,2.5]", "[-1e30,0]"},
         {"[1]", "[1,2,3]", "[1,null]", "[1,\"2\"]", "[1,1e39]", "1", "\"AAAA\""}},
        {of(MilvusType::float16_vector, 2), {"[1,2]", "\"AAAAAA==\""}, {"\"AAAA\"", "[1]"}},
        {of(MilvusType::bfloat16_vector, 3), {"\"AAAAAAAA\""}, {"\"AAAAAAA=\"", "\"AAAA-AAA\""}},
        {of(MilvusType::binary_vector, 16), {"\"AAA=\""}, {"\"AAAA\"", "[1,2]"}},
        {of(MilvusType::int8_vector, 2), {"[1,-128]"}, {"[1,128]", "[1,1.5]", "[1]"}},
        {of(MilvusType::sparse_vector),
         {R"({"1":0.5,"100":0.3})", R"({"indices":[1,2],"values":[0.1,0.2]})"},
         {"{}", R"({"-1":1})", R"({"4294967295":1})", R"({"1":"x"})", "[1]",
          R"({"indices":[1],"values":[]})", R"({"indices":[],"values":[]})",
          R"({"indices":["x"],"values":[1]})", R"({"indices":[1],"values":["x"]})"}},
    };
    for (auto const& row : rows) {
        for (auto const* value : row.good) {
            CAPTURE(to_string(row.field.type), value);
            CHECK(value_code(value, row.field) == 0);
        }
        for (auto const* value : row.bad) {
            CAPTURE(to_string(row.field.type), value);
            CHECK(value_code(value, row.field) == 1804);
        }
    }
}

TEST_CASE("Milvus: a vector of another length has the text that clients know") {
    JsonTree tree;
    REQUIRE(tree.parse(R"({"id":1,"f":[1]})"));
    auto const fault = find_row_fault(tree.root(), 0, with_field(of(MilvusType::float_vector, 2)),
                                      MilvusOperation::upsert, false);
    REQUIRE(fault);
    CHECK(fault->message ==
          "fail to deal the insert data, error: vector length diff from dimension");
}

TEST_CASE("Milvus contract 4: a length over its limit is 1100 and names the row") {
    auto text = of(MilvusType::varchar);
    text.max_length = 4;
    CHECK(value_code("\"1234\"", text) == 0);
    CHECK(value_code("\"\u00e9\u00e9\"", text) == 0);
    JsonTree tree;
    REQUIRE(tree.parse(R"({"id":1,"f":"12345"})"));
    auto const fault =
        find_row_fault(tree.root(), 3, with_field(text), MilvusOperation::upsert, false);
    REQUIRE(fault);
    CHECK(fault->code == 1100);
    CHECK(fault->message == "the length (5) of 3th VarChar f exceeds max length (4)");
    auto array = of(MilvusType::array);
    array.max_capacity = 1;
    CHECK(value_code("[1,2]", array) == 1100);
}

TEST_CASE(
    "Milvus contract 4: missing is 1804 unless nullable, with default, or a function's output") {
    auto field = of(MilvusType::varchar);
    CHECK(code(R"({"id":1})", with_field(field)) == 1804);
    CHECK(value_code("null", field) == 1804);
    field.nullable = true;
    CHECK(code(R"({"id":1})", with_field(field)) == 0);
    CHECK(value_code("null", field) == 0);
    field.nullable = false;
    field.has_default = true;
    CHECK(code(R"({"id":1})", with_field(field)) == 0);
    field = of(MilvusType::sparse_vector);
    field.is_function_output = true;
    CHECK(code(R"({"id":1})", with_field(field)) == 0);
    CHECK(value_code(R"({"1":1})", field) == 1804);
}

TEST_CASE("Milvus contract 4: an extra key needs the dynamic field, and is never $meta") {
    auto collection = with_field(of(MilvusType::int64));
    std::string const row = R"({"id":1,"f":2,"color":"red"})";
    CHECK(code(row, collection) == 1804);
    collection.dynamic = true;
    CHECK(code(row, collection) == 0);
    CHECK(code(R"({"id":1,"f":2,"$meta":{}})", collection) == 1804);
    CHECK(code("[]", collection) == 1801);
}

TEST_CASE("Milvus: an autoID key is left out on insert unless the collection allows it") {
    auto collection = with_field(of(MilvusType::int64));
    collection.fields.front().auto_id = true;
    std::string const with = R"({"id":1,"f":2})";
    CHECK(code(with, collection, false, MilvusOperation::insert) == 1804);
    CHECK(code(with, collection, false, MilvusOperation::upsert) == 0);
    CHECK(code(R"({"f":2})", collection, false, MilvusOperation::insert) == 0);
    collection.allow_insert_auto_id = true;
    CHECK(code(with, collection, false, MilvusOperation::insert) == 0);
}

TEST_CASE("Milvus: the lenient switch converts silently as older servers do") {
    CHECK(value_code("[1,null]", of(MilvusType::float_vector, 2), true) == 0);
    CHECK(value_code("300", of(MilvusType::int8), true) == 0);
    CHECK(value_code("1.0", of(MilvusType::int64), true) == 0);
    CHECK(value_code("5", of(MilvusType::varchar), true) == 0);
    CHECK(code(R"({"id":1})", with_field(of(MilvusType::varchar)), true) == 0);
    CHECK(value_code("1.5", of(MilvusType::int64), true) == 1804);
    CHECK(code(R"({"id":1})", with_field(of(MilvusType::int64)), true) == 1804);
}

TEST_CASE("Milvus: equal keys have one text") {
    JsonTree tree;
    REQUIRE(tree.parse(R"(["007","7",7,-9223372036854775808,"a\u0062"])"));
    std::vector<std::string> texts;
    tree.root().each_item([&](JsonNode item) {
        texts.push_back(key_text(item, texts.size() < 4 ? MilvusType::int64 : MilvusType::varchar));
        return true;
    });
    CHECK(texts == std::vector<std::string>{"7", "7", "7", "-9223372036854775808", "ab"});
}

}  // namespace headrace::emulator
