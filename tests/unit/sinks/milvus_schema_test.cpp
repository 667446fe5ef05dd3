#include "sinks/milvus_schema.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::sinks {
namespace {

TEST_CASE("the primary key's name and type are read") {
    auto const schema = parse_milvus_schema(
        R"({"autoId":false,"fields":[{"name":"vector","type":"FloatVector","primaryKey":false},
            {"name":"id","type":"Int64","primaryKey":true,"autoId":false,"partitionKey":false}]})");
    REQUIRE(schema);
    CHECK(schema->primary_key == "id");
    CHECK(schema->key_type == MilvusKeyType::int64);
    CHECK_FALSE(schema->auto_id);
    CHECK_FALSE(schema->has_partition_key);
}

TEST_CASE("autoID is read from the collection or from the field, a partition key from any field") {
    auto const of_collection = parse_milvus_schema(
        R"({"autoId":true,"fields":[{"name":"k","type":"VarChar","primaryKey":true}]})");
    REQUIRE(of_collection);
    CHECK(of_collection->auto_id);
    CHECK(of_collection->key_type == MilvusKeyType::varchar);
    auto const of_field = parse_milvus_schema(
        R"({"fields":[{"name":"k","type":"Int64","primaryKey":true,"autoId":true},{"name":"t","partitionKey":true}]})");
    REQUIRE(of_field);
    CHECK(of_field->auto_id);
    CHECK(of_field->has_partition_key);
}

TEST_CASE("an answer without a usable key is an error that says what is missing") {
    struct Row {
        std::string_view data;
        std::string_view what;
    };
    for (auto const& [data, what] : {
             Row{"", "no fields"},
             Row{"{}", "no fields"},
             Row{R"({"fields":7})", "no fields"},
             Row{R"({"fields":[]})", "no field is the primary key"},
             Row{R"({"fields":[{"name":"id","type":"Int64"}]})", "no field is the primary key"},
             Row{R"({"fields":[{"type":"Int64","primaryKey":true}]})", "no usable name"},
             Row{R"({"fields":[{"name":7,"type":"Int64","primaryKey":true}]})", "no usable name"},
             Row{R"({"fields":[{"name":"","type":"Int64","primaryKey":true}]})", "no usable name"},
             Row{R"({"fields":[{"name":"a b","type":"Int64","primaryKey":true}]})",
                 "no usable name"},
             Row{R"({"fields":[{"name":"1a","type":"Int64","primaryKey":true}]})",
                 "no usable name"},
             Row{R"({"fields":[{"name":"id","type":"Float","primaryKey":true}]})",
                 "neither Int64 nor VarChar"},
             Row{R"({"fields":[{"name":"id","primaryKey":true}]})", "neither Int64 nor VarChar"},
         }) {
        INFO(data);
        auto const schema = parse_milvus_schema(data);
        REQUIRE_FALSE(schema);
        CHECK(schema.error().code == ErrorCode::bad_response);
        CHECK(schema.error().message.find(what) != std::string::npos);
    }
}

TEST_CASE("a collection that cannot be written as wished is told with what to change") {
    MilvusSchema schema{.primary_key = "id",
                        .key_type = MilvusKeyType::int64,
                        .auto_id = false,
                        .has_partition_key = false};
    CHECK(find_milvus_misfit(
              schema,
              {.operation = MilvusOperation::upsert, .partition = "p", .primary_key = "id"}) == "");
    CHECK(find_milvus_misfit(
              schema,
              {.operation = MilvusOperation::upsert, .partition = "", .primary_key = "key"}) ==
          "destination.primary_key is key, but the collection's is id");
    schema.auto_id = true;
    CHECK(find_milvus_misfit(
              schema, {.operation = MilvusOperation::insert, .partition = "", .primary_key = ""}) ==
          "");
    CHECK(find_milvus_misfit(
              schema, {.operation = MilvusOperation::upsert, .partition = "", .primary_key = ""})
              .find("autoID") != std::string::npos);
    schema.auto_id = false;
    schema.has_partition_key = true;
    CHECK(find_milvus_misfit(
              schema, {.operation = MilvusOperation::upsert, .partition = "", .primary_key = ""}) ==
          "");
    CHECK(find_milvus_misfit(
              schema, {.operation = MilvusOperation::upsert, .partition = "p", .primary_key = ""})
              .find("remove destination.partition") != std::string::npos);
}

}  // namespace
}  // namespace headrace::sinks
