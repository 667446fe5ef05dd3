#include "milvus_requests.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::emulator {
namespace {

using test::ask;
using test::code_of;
using test::make_milvus;
using test::milvus;

std::string read(MilvusEmulator& emulator, std::string const& operation, std::string const& more,
                 test::Headers headers = {{"Accept-Type-Allow-Int64", "true"}}) {
    return ask(emulator, milvus("entities/" + operation, R"({"collectionName":"c")" + more + "}",
                                std::move(headers)))
        .body;
}

std::string data(std::string const& body) {
    JsonTree tree;
    REQUIRE(tree.parse(body));
    auto const found = tree.root().find("data");
    return found ? std::string(found->raw()) : body;
}

MilvusEmulator filled() {
    auto emulator = make_milvus();
    ask(emulator, milvus("collections/create", R"({"collectionName":"c","dimension":2})"));
    ask(emulator, milvus("entities/upsert", R"({"collectionName":"c","data":[
        {"id":1,"vector":[1,0],"color":"red","n":5},
        {"id":2,"vector":[0,1],"color":"blue"},
        {"id":9007199254740993,"vector":[-1,0.5],"color":"red"}]})"));
    return emulator;
}

}  // namespace

TEST_CASE("Milvus: query selects by filter and gives the fields asked for") {
    auto emulator = filled();
    CHECK(data(read(emulator, "query", R"(,"filter":"id == 1")")) ==
          R"([{"id":1,"vector":[1,0],"color":"red","n":5}])");
    CHECK(data(read(emulator, "query", R"(,"filter":"color == 'red'","outputFields":["color"])")) ==
          R"([{"id":1,"color":"red"},{"id":9007199254740993,"color":"red"}])");
    CHECK(data(read(emulator, "query",
                    R"(,"filter":"","outputFields":["id"],"limit":1,"offset":1)")) ==
          R"([{"id":2}])");
    CHECK(data(read(emulator, "query", R"j(,"outputFields":["count(*)"])j")) ==
          R"j([{"count(*)":3}])j");
    CHECK(data(read(emulator, "query", R"(,"filter":"n > 4","outputFields":["id"])",
                    {{"Accept-Type-Allow-Int64", "false"}})) == R"([{"id":"1"}])");
    CHECK(code_of(read(emulator, "query", R"j(,"outputFields":["count(*)","id"])j")) == "1100");
    CHECK(code_of(read(emulator, "query", R"(,"filter":"id = 1")")) == "1100");
    CHECK(code_of(read(emulator, "query", R"(,"partitionNames":["x"])")) == "200");
    CHECK(data(read(emulator, "query",
                    R"j(,"partitionNames":["_default"],"outputFields":["count(*)"])j")) ==
          R"j([{"count(*)":3}])j");
}

TEST_CASE("Milvus: get gives rows by key") {
    auto emulator = filled();
    CHECK(data(read(emulator, "get", R"(,"id":[2,99,"1"],"outputFields":["color"])")) ==
          R"([{"id":2,"color":"blue"},{"id":1,"color":"red"}])");
    CHECK(data(read(emulator, "get", R"(,"id":2,"outputFields":["id"])")) == R"([{"id":2}])");
    CHECK(code_of(read(emulator, "get", "")) == "1802");
}

TEST_CASE("Milvus: search ranks by distance, several vectors are flattened with topks") {
    auto emulator = filled();
    auto const first = [](std::string const& body) {
        JsonTree tree;
        REQUIRE(tree.parse(body));
        std::string ids;
        tree.root().find("data")->each_item([&](JsonNode hit) {
            ids += std::string(hit.find("id")->raw()) + ";";
            return true;
        });
        return ids;
    };
    CHECK(first(read(emulator, "search", R"(,"data":[[1,0.1]],"limit":2)")) == "1;2;");
    CHECK(first(read(emulator, "search", R"(,"data":[[-1,0.5]],"annsField":"vector","limit":1,
        "searchParams":{"metricType":"L2"},"outputFields":["color"])")) == "9007199254740993;");
    CHECK(first(read(emulator, "search", R"(,"data":[[0,9]],"limit":1,
        "searchParams":{"metricType":"IP"},"filter":"color == \"red\"")")) == "9007199254740993;");
    auto const two = read(emulator, "search", R"(,"data":[[1,0],[0,1]],"limit":1)");
    CHECK(first(two) == "1;2;");
    CHECK(two.find(R"("topks":[1,1])") != std::string::npos);
    CHECK(first(read(emulator, "search", R"(,"data":[[0,0]],"limit":1)")) == "1;");
    CHECK(code_of(read(emulator, "search", "")) == "1802");
    CHECK(code_of(read(emulator, "search", R"(,"data":[[1]])")) == "1801");
    CHECK(code_of(read(emulator, "search", R"(,"data":[[1,2]],"annsField":"id")")) == "1100");
    CHECK(code_of(read(emulator, "search", R"(,"data":[[1,2]],"filter":"(")")) == "1100");
}

TEST_CASE("Milvus: fields that were left out are null, int64 fields are exact and by header") {
    auto emulator = make_milvus([](MilvusSettings& settings) {
        auto& docs = settings.collections.front();
        MilvusField number;
        number.name = "n";
        number.nullable = true;
        docs.fields.push_back(number);
        docs.fields[2].nullable = true;
    });
    ask(emulator, milvus("entities/upsert", R"({"collectionName":"docs","data":[
        {"id":1,"vector":[1,2,3,4,5,6,7,8]},
        {"id":2,"vector":[1,2,3,4,5,6,7,8],"n":"9007199254740993"}]})"));
    auto const query = [&](char const* numbers) {
        return data(
            ask(emulator, milvus("entities/query",
                                 R"({"collectionName":"docs","outputFields":["n","title"]})",
                                 {{"Accept-Type-Allow-Int64", numbers}}))
                .body);
    };
    CHECK(query("true") ==
          R"([{"id":1,"title":null,"n":null},{"id":2,"title":null,"n":9007199254740993}])");
    CHECK(query("false") ==
          R"([{"id":"1","title":null,"n":null},{"id":"2","title":null,"n":"9007199254740993"}])");
}

TEST_CASE("Milvus: a VarChar key is read and filtered as text") {
    auto emulator = make_milvus();
    ask(emulator, milvus("entities/upsert", test::rows_body(test::doc("\"7\""), "pages")));
    auto const body =
        ask(emulator,
            milvus("entities/query",
                   R"({"collectionName":"pages","filter":"id == \"7\" and title != \"x\"",)"
                   R"("outputFields":["id"]})"))
            .body;
    CHECK(data(body) == R"([{"id":"7"}])");
}

}  // namespace headrace::emulator
