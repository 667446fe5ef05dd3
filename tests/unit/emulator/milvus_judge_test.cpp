#include "milvus_requests.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::emulator {
namespace {

using test::ask;
using test::at_ms;
using test::code_of;
using test::doc;
using test::make_milvus;
using test::milvus;
using test::rows_body;
using test::upsert;

std::string code(MilvusEmulator& emulator, std::string const& operation, std::string body,
                 test::Headers headers = {{"Accept-Type-Allow-Int64", "true"}}) {
    return code_of(ask(emulator, milvus(operation, std::move(body), std::move(headers))).body);
}

bool has(std::string const& body, std::string_view part) {
    return body.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("Milvus contract 1: wrong paths and methods are 404 in plain text") {
    auto emulator = make_milvus();
    for (auto const& request :
         {milvus("entities/replace", "{}"), milvus("collections/rename", "{}"),
          milvus("indexes/list", "{}"), milvus("entities", "{}"),
          test::request("POST", "/v1/vector/insert", "{}"),
          test::request("GET", "/v2/vectordb/entities/upsert", "{}")}) {
        auto const answer = ask(emulator, request);
        CHECK(answer.status == 404);
        CHECK(answer.body == "404 page not found");
    }
}

TEST_CASE("Milvus contract 1: authorization is checked only where there are tokens") {
    auto emulator = make_milvus([](MilvusSettings& settings) {
        settings.tokens = {"root:Milvus", "zilliz-key"};
        settings.read_only_tokens = {"reader:r"};
    });
    auto const with = [&](std::string value, std::string const& operation = "entities/upsert") {
        return ask(emulator,
                   milvus(operation, rows_body(doc("1")), {{"Authorization", std::move(value)}}));
    };
    CHECK(with("Bearer root:Milvus").status == 200);
    CHECK(with("bearer zilliz-key").status == 200);
    CHECK(with("Basic cm9vdDpNaWx2dXM=").status == 200);
    CHECK(with("Basic ?").status == 401);
    CHECK(with("root:Milvus").status == 401);
    auto const refused = with("Bearer root:wrong");
    CHECK(refused.status == 401);
    CHECK(refused.body == R"({"code":1800,"message":"user hasn't authenticated"})");
    CHECK(ask(emulator, milvus("entities/upsert", rows_body(doc("1")), {})).status == 401);
    auto const denied = with("Bearer reader:r");
    CHECK(denied.status == 403);
    CHECK(code_of(denied.body) == "65535");
    CHECK(with("Bearer reader:r", "collections/describe").status == 200);
    emulator.set_tokens({}, {});
    CHECK(ask(emulator, milvus("entities/upsert", rows_body(doc("1")), {})).status == 200);
}

TEST_CASE(
    "Milvus contract 1: failures are HTTP 200 without data, success has code, cost and data") {
    auto emulator = make_milvus();
    auto const failure = ask(emulator, milvus("entities/upsert", rows_body(doc("1"), "nope")));
    CHECK(failure.status == 200);
    CHECK(failure.body ==
          R"({"code":100,"message":"can't find collection[database=default][collection=nope]"})");
    CHECK(upsert(emulator, doc("1")) ==
          R"({"code":0,"cost":0,"data":{"upsertCount":1,"upsertIds":[1]}})");
}

TEST_CASE("Milvus contract 1: long answers are chunked, short ones are not") {
    auto emulator = make_milvus();
    std::string rows = doc("0");
    for (int i = 1; i < 600; ++i) {
        rows += "," + doc(std::to_string(i));
    }
    auto const request = milvus("entities/upsert", rows_body(rows));
    CHECK(ask(emulator, request).delivery == http::Delivery::chunked);
    CHECK(ask(emulator, milvus("entities/upsert", rows_body(doc("1")))).delivery ==
          http::Delivery::whole);
}

TEST_CASE("Milvus contract 2: what is missing is 1802, what is no JSON or of another type 1801") {
    auto emulator = make_milvus();
    struct Row {
        std::string body;
        char const* code;
    };
    for (auto const& row :
         {Row{"{", "1801"}, Row{"", "1801"}, Row{"[]", "1801"},
          Row{R"({"data":[{"id":1}]})", "1802"}, Row{R"({"collectionName":"docs"})", "1802"},
          Row{R"({"collectionName":5,"data":[]})", "1801"},
          Row{R"({"collectionName":"docs","dbName":5,"data":[]})", "1801"},
          Row{R"({"collectionName":"docs","partitionName":5,"data":[]})", "1801"},
          Row{R"({"collectionName":"docs","data":{}})", "1801"},
          Row{R"({"collectionName":"docs","data":[1]})", "1801"},
          Row{R"({"collectionName":"docs","data":[]})", "1804"},
          Row{R"({"collectionName":"docs","data":[NaN]})", "1801"},
          Row{rows_body(doc("1"), "docs", R"(,"partialUpdate":true)"), "1100"}}) {
        CAPTURE(row.body);
        CHECK(code(emulator, "entities/upsert", row.body) == row.code);
    }
    CHECK(code(emulator, "entities/upsert", rows_body(doc("1")), {{"Content-Encoding", "gzip"}}) ==
          "1801");
    CHECK(code(emulator, "entities/upsert", rows_body(doc("1")),
               {{"Content-Encoding", "identity"}}) == "0");
}

TEST_CASE("Milvus contract 3: unknown names have their codes, a partition behind the limiter") {
    auto emulator = make_milvus([](MilvusSettings& settings) {
        settings.databases.push_back("other");
        auto keyed = settings.collections.front();
        keyed.name = "keyed";
        keyed.fields.back().is_partition_key = true;
        settings.collections.push_back(keyed);
    });
    CHECK(code(emulator, "entities/upsert", rows_body(doc("1"), "nope")) == "100");
    CHECK(code(emulator, "entities/upsert", rows_body(doc("1"), "docs", R"(,"dbName":"x")")) ==
          "800");
    CHECK(code(emulator, "entities/upsert", rows_body(doc("1")), {{"DB-Name", "x"}}) == "800");
    CHECK(code(emulator, "entities/upsert", rows_body(doc("1")), {{"DB-Name", "other"}}) == "100");
    CHECK(code(emulator, "entities/upsert", rows_body(doc("1"), "docs", R"(,"dbName":"default")"),
               {{"DB-Name", "x"}}) == "0");
    auto const partition = rows_body(doc("1"), "docs", R"(,"partitionName":"p")");
    CHECK(ask(emulator, milvus("entities/upsert", partition)).body ==
          R"({"code":1807,"message":"request is rejected by limiter, error: )"
          R"(partition not found[partition=p]"})");
    emulator.switches().quotas = false;
    CHECK(code(emulator, "entities/upsert", partition) == "200");
    CHECK(code(emulator, "entities/upsert",
               rows_body(doc("1"), "docs", R"(,"partitionName":"archive")")) == "0");
    CHECK(code(emulator, "entities/upsert",
               rows_body(doc("1"), "keyed", R"(,"partitionName":"archive")")) == "1100");
}

TEST_CASE("Milvus contract 4: one bad row refuses the request and nothing is written") {
    auto emulator = make_milvus();
    CHECK(code_of(upsert(emulator, doc("1") + R"(,{"id":2,"vector":[1],"title":"x"})")) == "1804");
    CHECK(code_of(upsert(emulator, doc("1") + "," + doc("2", std::string(257, 'x')))) == "1100");
    CHECK(emulator.store().row_count("default/docs") == 0);
    CHECK(emulator.stats().rows_received == 4);
    CHECK(emulator.stats().rows_written == 0);
}

TEST_CASE("Milvus contract 5: equal keys in one upsert are 1100, or both kept by switch") {
    auto emulator = make_milvus();
    auto const body =
        upsert(emulator, doc("1", "a") + R"(,{"id":"01","vector":[1,2,3,4,5,6,7,8],"title":"b"})");
    CHECK(body == R"({"code":1100,"message":"duplicate primary keys are not allowed in the same )"
                  R"(batch: invalid parameter"})");
    CHECK(emulator.store().row_count("default/docs") == 0);
    emulator.switches().keep_equal_keys = true;
    CHECK(code_of(upsert(emulator, doc("1", "a") + "," + doc("1", "b"))) == "0");
    CHECK(emulator.store().row_count("default/docs") == 2);
    // An insert never minded.
    emulator.switches().keep_equal_keys = false;
    CHECK(code(emulator, "entities/insert", rows_body(doc("5") + "," + doc("5"))) == "0");
}

TEST_CASE("Milvus contract 6: ids come in request order, exact, as the header wants them") {
    auto emulator = make_milvus();
    auto const rows = rows_body(doc("9007199254740993") + "," + doc("\"-5\"") + "," + doc("3"));
    auto const ids = [&](test::Headers headers) {
        auto const body = ask(emulator, milvus("entities/upsert", rows, std::move(headers))).body;
        return body.substr(body.find('['));
    };
    CHECK(ids({{"Accept-Type-Allow-Int64", "true"}}) == "[9007199254740993,-5,3]}}");
    CHECK(ids({{"Accept-Type-Allow-Int64", "false"}}) == R"(["9007199254740993","-5","3"]}})");
    CHECK(ids({}) == "[9007199254740993,-5,3]}}");
    emulator.switches().int64_as_text = true;
    CHECK(ids({}) == R"(["9007199254740993","-5","3"]}})");
    auto const page = rows_body(doc("\"a\\u0062\""), "pages");
    CHECK(has(ask(emulator, milvus("entities/upsert", page)).body, R"("upsertIds":["ab"])"));
    CHECK(ask(emulator, milvus("entities/insert", rows)).body.find("insertCount\":3") !=
          std::string::npos);
}

TEST_CASE("Milvus contract 7: upsert replaces, insert adds a row, autoID makes new keys") {
    auto emulator = make_milvus([](MilvusSettings& settings) {
        auto counted = settings.collections.front();
        counted.name = "auto";
        counted.fields.front().auto_id = true;
        settings.collections.push_back(counted);
    });
    upsert(emulator, doc("1", "a"));
    upsert(emulator, doc("1", "b"));
    CHECK(emulator.store().row_count("default/docs") == 1);
    ask(emulator, milvus("entities/insert", rows_body(doc("1", "c"))));
    CHECK(emulator.store().row_count("default/docs") == 2);
    auto const body = rows_body(R"({"vector":[1,2,3,4,5,6,7,8],"title":"x"})", "auto");
    CHECK(code(emulator, "entities/upsert", body) == "0");
    CHECK(code(emulator, "entities/upsert", rows_body(doc("1"), "auto")) == "0");
    CHECK(code(emulator, "entities/insert", body) == "0");
    CHECK(emulator.store().row_count("default/auto") == 3);
    CHECK(emulator.store().rows_of("default/auto", {}, {"1"}).empty());
}

TEST_CASE("Milvus contract 8: delete by filter, also of absent keys; no filter is 1802") {
    auto emulator = make_milvus();
    upsert(emulator, doc("1", "a") + "," + doc("2", "b") + "," + doc("3", "b"));
    auto const erase = [&](std::string const& more, std::string const& collection = "docs") {
        return ask(emulator, milvus("entities/delete",
                                    R"({"collectionName":")" + collection + "\"" + more + "}"))
            .body;
    };
    CHECK(erase(R"(,"filter":"id in [1,99]")") ==
          R"({"code":0,"cost":0,"data":{"deleteCount":2}})");
    CHECK(emulator.store().row_count("default/docs") == 2);
    CHECK(erase(R"(,"filter":"title == \"b\" and id > 2")") ==
          R"({"code":0,"cost":0,"data":{"deleteCount":1}})");
    CHECK(erase(R"(,"filter":"id in {ids}","exprParams":{"ids":[2]})") ==
          R"({"code":0,"cost":0,"data":{"deleteCount":1}})");
    CHECK(emulator.store().row_count("default/docs") == 0);
    CHECK(code_of(erase("")) == "1802");
    CHECK(code_of(erase(R"(,"id":[1])")) == "1802");
    CHECK(code_of(erase(R"(,"filter":"")")) == "1802");
    CHECK(code_of(erase(R"(,"filter":5)")) == "1801");
    CHECK(code_of(erase(R"(,"filter":"id = 1")")) == "1100");
    CHECK(code_of(erase(R"(,"filter":"id in [\"1\"]")")) == "1100");
    CHECK(code_of(erase(R"(,"filter":"id in [1]")", "pages")) == "1100");
    upsert(emulator, doc("1"));
    CHECK(code_of(erase(R"(,"partitionName":"archive","filter":"id in [1]")")) == "0");
    CHECK(code_of(erase(R"(,"partitionName":"archive","filter":"title == \"t\"")")) == "0");
    CHECK(emulator.store().row_count("default/docs") == 1);
    emulator.switches().old_delete_answer = true;
    CHECK(erase(R"(,"filter":"id in [1]")") == R"({"code":0,"cost":0,"data":{}})");
}

TEST_CASE("Milvus contract 10: Strong sees every acknowledged write, Bounded lags by switch") {
    auto emulator = make_milvus();
    auto const count = [&](std::string const& level, std::int64_t ms) {
        auto const body =
            ask(emulator,
                milvus("entities/query", R"j({"collectionName":"docs","filter":"",)j"
                                         R"j("outputFields":["count(*)"],"consistencyLevel":")j" +
                                             level + "\"}"),
                ms)
                .body;
        return body.substr(body.find("data"));
    };
    emulator.switches().bounded_lag_ms = 100;
    upsert(emulator, doc("1"), 0);
    CHECK(count("Strong", 0) == R"j(data":[{"count(*)":1}]})j");
    CHECK(count("Bounded", 99) == R"j(data":[{"count(*)":0}]})j");
    CHECK(count("Bounded", 100) == R"j(data":[{"count(*)":1}]})j");
}

TEST_CASE(
    "Milvus contract 11: Idempotency-Key fails an insert, by switch it gives the first answer") {
    auto emulator = make_milvus();
    test::Headers const key{{"Idempotency-Key", "k"}};
    CHECK(code(emulator, "entities/insert", rows_body(doc("1")), key) == "1100");
    CHECK(code(emulator, "entities/upsert", rows_body(doc("1")), key) == "0");
    CHECK(code(emulator, "entities/delete", R"({"collectionName":"docs","filter":"id in [1]"})",
               key) == "0");
    emulator.switches().idempotency = true;
    auto const insert = milvus("entities/insert", rows_body(doc("1")), key);
    auto const first = ask(emulator, insert).body;
    CHECK(code_of(first) == "0");
    CHECK(ask(emulator, insert).body == first);
    CHECK(emulator.store().row_count("default/docs") == 1);
    CHECK(code(emulator, "entities/insert", rows_body(doc("1")),
               {{"Idempotency-Key", std::string(257, 'k')}}) == "1100");
}

TEST_CASE("Milvus: a failed insert is not remembered under its idempotency key") {
    auto emulator = make_milvus();
    emulator.switches().idempotency = true;
    test::Headers const key{{"Idempotency-Key", "k"}};
    CHECK(code(emulator, "entities/insert", rows_body("{}"), key) == "1804");
    CHECK(code(emulator, "entities/insert", rows_body(doc("1")), key) == "0");
}

TEST_CASE("Milvus: caps on bytes and rows are switches") {
    auto emulator = make_milvus();
    emulator.switches().rows_per_request_max = 2;
    CHECK(code_of(upsert(emulator, doc("1") + "," + doc("2") + "," + doc("3"))) == "1100");
    emulator.switches().body_bytes_max = 50;
    auto const request = milvus("entities/upsert", rows_body(doc("1")));
    auto answer = ask(emulator, request);
    CHECK(code_of(answer.body) == "1102");
    CHECK(answer.delivery == http::Delivery::whole);
    emulator.switches().reset_over_cap = true;
    CHECK(ask(emulator, request).delivery == http::Delivery::reset);
    CHECK(emulator.stats().unanswered == 1);
}

}  // namespace headrace::emulator
