#include "milvus_requests.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::emulator {
namespace {

using test::ask;
using test::code_of;
using test::doc;
using test::make_milvus;
using test::milvus;
using test::request;
using test::rows_body;
using test::upsert;

http::ServerResponse control(MilvusEmulator& emulator, std::string method, std::string page,
                             std::string body = {}) {
    return ask(emulator, request(std::move(method), "/_emulator/" + page, std::move(body)));
}

}  // namespace

TEST_CASE("Milvus: figures are told over HTTP, per collection") {
    auto emulator = make_milvus();
    upsert(emulator, doc("1") + "," + doc("2"));
    upsert(emulator, doc("1"));
    JsonTree tree;
    auto const body = control(emulator, "GET", "stats").body;
    REQUIRE(tree.parse(body));
    auto const root = tree.root();
    CHECK(root.find("write_requests")->raw() == "2");
    CHECK(root.find("rows_acknowledged")->raw() == "3");
    CHECK(root.find("by_code")->find("0")->raw() == "2");
    auto const docs = root.find("collections")->find("default/docs");
    CHECK(docs->find("rows")->raw() == "2");
    CHECK(docs->find("keys_repeated")->raw() == "1");
    CHECK(docs->find("duplicate_ids")->raw() == "1");
    CHECK(docs->find("rows_per_request_max")->raw() == "2");
}

TEST_CASE("Milvus: rows and ids are told over HTTP") {
    auto emulator = make_milvus();
    upsert(emulator, doc("0") + "," + doc("2", "two"));
    CHECK(control(emulator, "GET", "rows?collection=docs&field=title").body ==
          R"({"values":["t","two"]})");
    CHECK(control(emulator, "GET", "rows?collection=docs&offset=1").body ==
          R"({"rows":[{"partition":"_default","key":"2","row":)" + doc("2", "two") + "}]}");
    CHECK(control(emulator, "GET", "rows?collection=docs&partition=archive").body ==
          R"({"rows":[]})");
    CHECK(control(emulator, "GET", "ids?collection=docs&count=3").body ==
          R"({"distinct":2,"duplicates":0,"missing":1,"first_missing":[1]})");
    CHECK(control(emulator, "GET", "ids?database=other&collection=docs").body ==
          R"({"distinct":0,"duplicates":0})");
}

TEST_CASE("Milvus: collections, tokens and switches change at run time") {
    auto emulator = make_milvus();
    CHECK(control(emulator, "POST", "collections",
                  R"({"collectionName":"new","dimension":2,"partitions":["p"],"id_field":"n",)"
                  R"("loaded":false})")
              .status == 200);
    CHECK(emulator.settings().collections.back().has_partition("p"));
    CHECK_FALSE(emulator.settings().collections.back().loaded);
    CHECK(control(emulator, "DELETE", "collections?collection=new").status == 200);
    CHECK(control(emulator, "DELETE", "collections?collection=new").status == 404);

    CHECK(control(emulator, "POST", "tokens", R"({"tokens":["a:b"]})").status == 200);
    CHECK(code_of(upsert(emulator, doc("1"))) == "1800");
    CHECK(control(emulator, "POST", "tokens", "{}").status == 200);
    CHECK(code_of(upsert(emulator, doc("1"))) == "0");

    CHECK(control(emulator, "POST", "switches",
                  R"({"keep_equal_keys":true,"bounded_lag_ms":5,"rows_per_request_max":7})")
              .status == 200);
    CHECK(emulator.switches().keep_equal_keys);
    CHECK(emulator.switches().bounded_lag_ms == 5);
    CHECK(emulator.switches().rows_per_request_max == 7);
}

TEST_CASE("Milvus: faults and reset work over HTTP") {
    auto emulator = make_milvus();
    CHECK(control(emulator, "POST", "faults", R"({"kind":"code","code":8})").status == 200);
    CHECK(code_of(upsert(emulator, doc("1"))) == "8");
    CHECK(control(emulator, "POST", "reset").status == 200);
    CHECK(code_of(upsert(emulator, doc("1"))) == "0");
}

TEST_CASE("Milvus: a wrong page, method or body is refused") {
    auto emulator = make_milvus();
    struct Row {
        char const* method;
        char const* page;
        char const* body;
        int status;
    };
    for (auto const& row :
         {Row{"GET", "nothing", "", 404}, Row{"POST", "nothing", "{}", 404},
          Row{"DELETE", "nothing", "", 404}, Row{"POST", "collections", "{", 400},
          Row{"POST", "collections", "{}", 400},
          Row{"POST", "collections", R"({"collectionName":"x","dimension":2,"loaded":1})", 400},
          Row{"POST", "tokens", R"({"tokens":5})", 400},
          Row{"POST", "switches", R"({"lenient":5})", 400}}) {
        CAPTURE(row.method, row.page, row.body);
        CHECK(control(emulator, row.method, row.page, row.body).status == row.status);
    }
    CHECK(emulator.settings().collections.size() == 2);
}

}  // namespace headrace::emulator
