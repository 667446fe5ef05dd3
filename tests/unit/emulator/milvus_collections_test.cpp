#include "emulator/milvus_collections.hpp"

#include "milvus_requests.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::emulator {
namespace {

using test::ask;
using test::code_of;
using test::make_milvus;
using test::milvus;

std::string collections(MilvusEmulator& emulator, std::string const& operation, std::string body) {
    return ask(emulator, milvus("collections/" + operation, std::move(body))).body;
}

std::string data(std::string const& body) {
    JsonTree tree;
    if (!tree.parse(body)) return "no JSON";
    auto const found = tree.root().find("data");
    return found ? std::string(found->raw()) : "no data";
}

std::string const docs = R"({"collectionName":"docs"})";
std::string const nope = R"({"collectionName":"nope"})";

}  // namespace

TEST_CASE("Milvus contract 9: has, list and load states") {
    auto emulator = make_milvus();
    CHECK(data(collections(emulator, "has", docs)) == R"({"has":true})");
    CHECK(data(collections(emulator, "has", nope)) == R"({"has":false})");
    CHECK(data(collections(emulator, "list", "{}")) == R"(["docs","pages"])");
    CHECK(code_of(collections(emulator, "list", R"({"dbName":"x"})")) == "800");
    CHECK(collections(emulator, "get_load_state", docs) ==
          R"({"code":0,"cost":0,"data":{"loadProgress":100,"loadState":"LoadStateLoaded"},)"
          R"("message":""})");
    CHECK(data(collections(emulator, "release", docs)) == "{}");
    CHECK(data(collections(emulator, "get_load_state", docs)) ==
          R"({"loadProgress":0,"loadState":"LoadStateNotLoad"})");
    CHECK(code_of(ask(emulator, milvus("entities/query", docs)).body) == "101");
    // Plain upsert needs no loaded collection.
    CHECK(code_of(test::upsert(emulator, test::doc("1"))) == "0");
    CHECK(data(collections(emulator, "load", docs)) == "{}");
    CHECK(data(collections(emulator, "flush", docs)) == "{}");
    CHECK(data(collections(emulator, "get_stats", docs)) == R"({"rowCount":1})");
    CHECK(code_of(collections(emulator, "describe", nope)) == "100");
    CHECK(code_of(collections(emulator, "describe", "{}")) == "1802");
}

TEST_CASE("Milvus contract 9: describe tells key, types, dim and lengths, params as strings") {
    auto emulator = make_milvus();
    auto const body = data(collections(emulator, "describe", docs));
    JsonTree tree;
    REQUIRE(tree.parse(body));
    auto const root = tree.root();
    CHECK(root.find("autoId")->raw() == "false");
    CHECK(root.find("enableDynamicField")->raw() == "false");
    CHECK(root.find("load")->text() == "LoadStateLoaded");
    CHECK(body.find(R"({"name":"id","type":"Int64","id":100,"primaryKey":true,"autoId":false,)"
                    R"("partitionKey":false,"nullable":false)") != std::string::npos);
    CHECK(body.find(R"("params":[{"key":"dim","value":"8"}])") != std::string::npos);
    CHECK(body.find(R"("params":[{"key":"max_length","value":"256"}])") != std::string::npos);
}

TEST_CASE("Milvus contract 9: create in the short form") {
    auto emulator = make_milvus();
    std::string const quick = R"({"collectionName":"quick","dimension":3})";
    CHECK(data(collections(emulator, "create", quick)) == "{}");
    // The same again is no error, another schema is.
    CHECK(code_of(collections(emulator, "create", quick)) == "0");
    CHECK(code_of(collections(emulator, "create", R"({"collectionName":"quick","dimension":4})")) ==
          "65535");
    CHECK(code_of(ask(emulator,
                      milvus("entities/upsert", R"({"collectionName":"quick","data":[)"
                                                R"({"id":1,"vector":[1,2,3],"color":"red"}]})"))
                      .body) == "0");
    CHECK(code_of(collections(emulator, "create",
                              R"({"collectionName":"texts","dimension":"2","idType":"VarChar",)"
                              R"("primaryFieldName":"pk","vectorFieldName":"v",)"
                              R"("params":{"max_length":"10"}})")) == "0");
    CHECK(code_of(ask(emulator, milvus("entities/upsert", R"({"collectionName":"texts","data":[)"
                                                          R"({"pk":"12345678901","v":[1,2]}]})"))
                      .body) == "1100");
    CHECK(data(collections(emulator, "drop", R"({"collectionName":"quick"})")) == "{}");
    CHECK(data(collections(emulator, "has", R"({"collectionName":"quick"})")) ==
          R"({"has":false})");
}

TEST_CASE("Milvus contract 9: create with a schema, every kind of field") {
    auto emulator = make_milvus();
    std::string const body = R"({"collectionName":"full","schema":{"autoID":false,
        "enableDynamicField":true,"fields":[
        {"fieldName":"id","dataType":"VarChar","isPrimary":true,
         "elementTypeParams":{"max_length":"64"}},
        {"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":"5"}},
        {"fieldName":"s","dataType":"SparseFloatVector"},
        {"fieldName":"a","dataType":"Array","elementDataType":"VarChar","nullable":true,
         "elementTypeParams":{"max_capacity":8,"max_length":9}},
        {"fieldName":"d","dataType":"Int32","defaultValue":5},
        {"fieldName":"p","dataType":"Int64","isPartitionKey":true}]}})";
    CHECK(collections(emulator, "create", body) == R"({"code":0,"cost":0,"data":{}})");
    auto const told = data(collections(emulator, "describe", R"({"collectionName":"full"})"));
    for (auto const* part :
         {R"("enableDynamicField":true)", R"("load":"LoadStateNotLoad")",
          R"("elementType":"VarChar")", R"({"key":"max_capacity","value":"8"})",
          R"("nullable":true)", R"("defaultValue":"")", R"("partitionKey":true)"}) {
        CAPTURE(part);
        CHECK(told.find(part) != std::string::npos);
    }
}

TEST_CASE("Milvus: a function's output is named in describe") {
    MilvusCollection collection = default_milvus_settings().collections.front();
    MilvusField sparse;
    sparse.name = "sparse";
    sparse.type = MilvusType::sparse_vector;
    sparse.is_function_output = true;
    collection.fields.push_back(sparse);
    CHECK(describe(collection).find(R"("outputFieldNames":["sparse"])") != std::string::npos);
}

TEST_CASE("Milvus: what is no collection is refused") {
    auto emulator = make_milvus();
    for (
        auto const* body :
        {R"({"collectionName":"x"})", R"({"collectionName":"x","dimension":0})",
         R"({"collectionName":"x","dimension":40000})", R"({"collectionName":"x","dimension":"a"})",
         R"({"collectionName":"x","schema":{}})",
         R"({"collectionName":"x","schema":{"fields":[]}})",
         R"({"collectionName":"x","schema":{"fields":[{"fieldName":"a","dataType":"Int63"}]}})",
         R"({"collectionName":"x","schema":{"fields":[{"dataType":"Int64","isPrimary":true}]}})",
         R"({"collectionName":"x","schema":{"fields":[{"fieldName":"v","dataType":"FloatVector"}]}})"}) {
        CAPTURE(body);
        CHECK(code_of(collections(emulator, "create", body)) == "1100");
    }
    JsonTree tree;
    REQUIRE(tree.parse("{}"));
    CHECK_FALSE(read_collection(tree.root(), "default"));
}

TEST_CASE("Milvus: partitions can be asked for, made and dropped") {
    auto emulator = make_milvus();
    auto const ask_for = [&](std::string const& operation, std::string const& more) {
        return ask(emulator,
                   milvus("partitions/" + operation, R"({"collectionName":"docs")" + more + "}"))
            .body;
    };
    CHECK(data(ask_for("list", "")) == R"(["_default","archive"])");
    CHECK(data(ask_for("has", R"(,"partitionName":"new")")) == R"({"has":false})");
    CHECK(code_of(ask_for("create", R"(,"partitionName":"new")")) == "0");
    CHECK(data(ask_for("has", R"(,"partitionName":"new")")) == R"({"has":true})");
    CHECK(code_of(ask_for("drop", R"(,"partitionName":"new")")) == "0");
    CHECK(data(ask_for("list", "")) == R"(["_default","archive"])");
    CHECK(code_of(ask_for("has", "")) == "1802");
}

}  // namespace headrace::emulator
