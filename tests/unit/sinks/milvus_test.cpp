#include "sinks/milvus.hpp"

#include "dialect_fixture.hpp"
#include "goldens.hpp"
#include "sinks/target_index.hpp"

namespace headrace::sinks {
namespace {

using namespace fixture;

MilvusSettings settings() {
    MilvusSettings one;
    one.requests = requests("/");
    one.token = Secret("root:Milvus");
    one.collection = fixed("docs");
    return one;
}

std::string described(std::string_view key, std::string_view type, std::string_view more = "") {
    return R"({"code":0,"data":{"fields":[{"name":")" + std::string(key) + R"(","type":")" +
           std::string(type) + R"(","primaryKey":true)" + std::string(more) + "}]}}";
}

flow::Judgement prepare(Dialect& dialect, flow::TargetId target, std::string body) {
    return dialect.judge_preparation(target, answer(200, std::move(body)));
}

/// A dialect that knows its collection.
std::unique_ptr<Dialect> known(MilvusSettings one, std::string_view key = "id",
                               std::string_view type = "Int64") {
    auto dialect = make_milvus_dialect(std::move(one));
    auto first = record("{}");
    auto const target = place(*dialect, first);
    REQUIRE(prepare(*dialect, target, described(key, type)).verdict == flow::Verdict::delivered);
    return dialect;
}

MilvusSettings deleting() {
    auto one = settings();
    one.requests.on_tombstone = OnTombstone::delete_row;
    return one;
}

std::vector<flow::Record> tombstones(Dialect& dialect, std::vector<std::string_view> const& keys) {
    std::vector<flow::Record> records;
    for (auto const key : keys) {
        records.push_back(record(std::nullopt, key));
        inspect(dialect, records.back());
    }
    return records;
}

TEST_CASE("rows are spliced into an upsert as they came") {
    auto const dialect = known(settings());
    auto const records = ready(*dialect, {R"({"id":1,"vector":[0.1,0.2],"color":"red"})",
                                          R"({"id":9007199254740993,"vector":[]})"});
    auto const request = encode(*dialect, records);
    CHECK(request.body == goldens::request("milvus/requests/upsert.json"));
    CHECK(request.path == "/v2/vectordb/entities/upsert");
    CHECK(request.records == 2);
    CHECK(header_of(request, "Accept-Type-Allow-Int64") == "true");
    CHECK(header_of(request, "Authorization") == "Bearer root:Milvus");
    CHECK(header_of(request, "Content-Type") == "application/json");
}

TEST_CASE("values that may be spliced stay where they are, between the commas") {
    auto const dialect = known(settings());
    auto const records = ready(*dialect, {R"({"id":1,"a":"long enough"})", R"({"id":2})"});
    EncodedRequest request;
    request.spliced_bytes_min = 10;
    dialect->encode(records, std::vector<std::uint32_t>{0, 1}, request);
    REQUIRE(request.splices.size() == 1);
    CHECK(request.splices[0].bytes == &*records[0].value);
    auto const at = request.splices[0].at;
    CHECK(request.body.substr(0, at).ends_with(R"("data":[)"));
    CHECK(request.body.substr(at) == R"(,{"id":2}]})");
    request.clear();
    CHECK(request.splices.empty());
}

TEST_CASE("database and partition are named, and a path in the URL stands before the API's") {
    auto one = settings();
    one.requests = requests("/milvus/");
    one.database = R"(shop "eu")";
    one.partition = fixed("p");
    one.token = {};
    auto const dialect = known(one);
    auto const request = encode(*dialect, ready(*dialect, {R"({"id":1})"}));
    CHECK(request.body == goldens::request("milvus/requests/upsert_partition.json"));
    CHECK(request.path == "/milvus/v2/vectordb/entities/upsert");
    CHECK(header_of(request, "Authorization") == "absent");
}

TEST_CASE("inserts keep equal keys") {
    auto one = settings();
    one.insert = true;
    auto const dialect = known(one);
    auto const request = encode(
        *dialect, ready(*dialect, {R"({"id":1,"color":"red"})", R"({"id":1,"color":"blue"})"}));
    CHECK(request.body == goldens::request("milvus/requests/insert.json"));
    CHECK(request.path == "/v2/vectordb/entities/insert");
    CHECK(dialect->judge(request, answer(200, R"({"code":0,"data":{"insertCount":2}})")).verdict ==
          flow::Verdict::delivered);
}

TEST_CASE("tombstones delete by Int64 keys") {
    auto const dialect = known(deleting());
    auto const request = encode(*dialect, tombstones(*dialect, {"1", "-2", "009007199254740993"}));
    CHECK(request.body == goldens::request("milvus/requests/delete_int64.json"));
    CHECK(request.path == "/v2/vectordb/entities/delete");
    CHECK(dialect->judge(request, answer(200, R"({"code":0,"data":{}})")).verdict ==
          flow::Verdict::delivered);
}

TEST_CASE("tombstones delete by VarChar keys, quoted twice") {
    auto one = deleting();
    one.partition = fixed("p");
    auto const dialect = known(one, "name", "VarChar");
    auto const records = tombstones(*dialect, {"a", "q\"uote\\", "\xC3\xA4\n"});
    CHECK(encode(*dialect, records).body ==
          goldens::request("milvus/requests/delete_varchar.json"));
}

TEST_CASE("upserts and deletes of a key are two targets with one ordering key") {
    auto const dialect = known(deleting());
    auto row = record(R"({"id":"7"})");
    auto tombstone = record(std::nullopt, "7");
    inspect(*dialect, row);
    inspect(*dialect, tombstone);
    CHECK(row.target != tombstone.target);
    CHECK(row.order_hash == tombstone.order_hash);
    CHECK(row.order_hash != 0);
    CHECK(dialect->target_name(row.target) == "default/docs/_default");
    CHECK(dialect->target_name(tombstone.target) == "default/docs/_default (delete)");
}

TEST_CASE(
    "the ordering key is the same for every spelling of a primary key, and another for another "
    "partition") {
    auto const hash = [](Dialect& dialect, std::string_view value) {
        auto one = record(value);
        return inspect(dialect, one).order_hash;
    };
    auto const numbers = known(settings());
    CHECK(hash(*numbers, R"({"id":7})") == hash(*numbers, R"({"x":1, "id" : "7"})"));
    CHECK(hash(*numbers, R"({"id":7})") == hash(*numbers, R"({"id":8,"id":7})"));
    CHECK(hash(*numbers, R"({"id":7})") != hash(*numbers, R"({"id":8})"));
    auto const texts = known(settings(), "name", "VarChar");
    CHECK(hash(*texts, R"({"name":"ab"})") == hash(*texts, R"({"n\u0061me":"\u0061b"})"));
    auto partitioned = settings();
    partitioned.partition = fixed("p");
    CHECK(hash(*numbers, R"({"id":7})") != hash(*known(partitioned), R"({"id":7})"));
    CHECK(known(settings())->shape().has_own_key);
}

TEST_CASE("the last of equal keys is sent, the earlier ones are superseded") {
    auto const dialect = known(settings());
    auto const records = ready(
        *dialect, {R"({"id":1,"v":"a"})", R"({"id":2})", R"({"id":"1","v":"b"})", R"({"id":3})"});
    CHECK(collapse(*dialect, records) == std::vector<std::uint32_t>{1, 2, 3});
    auto const request = encode(*dialect, records);
    CHECK(request.records == 3);
    CHECK(request.body.find(R"("v":"a")") == std::string::npos);
    CHECK(dialect->judge(request, answer(200, R"({"code":0,"data":{"upsertCount":3}})")).verdict ==
          flow::Verdict::delivered);
    CHECK(dialect->judge(request, answer(200, R"({"code":0,"data":{"upsertCount":4}})")).verdict ==
          flow::Verdict::retry);
}

TEST_CASE("equal deletes collapse, also where rows are inserted") {
    auto one = deleting();
    one.insert = true;
    auto const dialect = known(one);
    auto const records = tombstones(*dialect, {"1", "2", "01"});
    CHECK(collapse(*dialect, records) == std::vector<std::uint32_t>{1, 2});
}

TEST_CASE("a missing or unusable primary key is refused at encode") {
    auto const dialect = known(settings());
    auto const refusal = [&](std::string_view value) {
        auto one = record(value);
        return refusal_of(*dialect, one);
    };
    CHECK(refusal("{}") == "encode/no_key");
    CHECK(refusal(R"({"id":null})") == "encode/no_key");
    CHECK(refusal(R"({"id":true})") == "encode/bad_key");
    CHECK(refusal(R"({"id":{}})") == "encode/bad_key");
    CHECK(refusal(R"({"id":[1]})") == "encode/bad_key");
    CHECK(refusal(R"({"id":"x"})") == "accepted");
    CHECK(refusal("") == "decode/empty_value");
    CHECK(refusal(R"({"id":1)") == "decode/invalid_json");
    CHECK(refusal("[]") == "decode/not_an_object");
}

TEST_CASE("a delete without a usable Kafka key is refused at encode") {
    auto const numbers = known(deleting());
    auto const texts = known(deleting(), "name", "VarChar");
    auto none = record(std::nullopt);
    CHECK(refusal_of(*numbers, none) == "encode/no_key");
    auto word = record(std::nullopt, "seven");
    CHECK(refusal_of(*numbers, word) == "encode/bad_key");
    CHECK(refusal_of(*texts, word) == "accepted");
    auto binary = record(std::nullopt, "\xFF\x01");
    CHECK(refusal_of(*texts, binary) == "encode/bad_key");
}

TEST_CASE("a tombstone is skipped or dead-lettered where it does not delete") {
    auto tombstone = record(std::nullopt, "1");
    CHECK(refusal_of(*known(settings()), tombstone) == "skipped");
    auto one = settings();
    one.requests.on_tombstone = OnTombstone::dead_letter;
    CHECK(refusal_of(*known(one), tombstone) == "decode/tombstone");
}

TEST_CASE("inserts into a collection with autoID need no key and have no order of their own") {
    auto one = settings();
    one.insert = true;
    auto const dialect = make_milvus_dialect(one);
    auto first = record(R"({"color":"red"})");
    auto const target = place(*dialect, first);
    REQUIRE(prepare(*dialect, target, described("id", "Int64", R"(,"autoId":true)")).verdict ==
            flow::Verdict::delivered);
    CHECK(inspect(*dialect, first).order_hash == 0);
}

TEST_CASE("a target is ready once its collection was described") {
    auto const dialect = make_milvus_dialect(settings());
    auto first = record("{}");
    auto const target = place(*dialect, first);
    CHECK_FALSE(dialect->is_ready(target));
    EncodedRequest question;
    CHECK(dialect->encode_preparation(target, question));
    CHECK(question.body == goldens::request("milvus/requests/describe.json"));
    CHECK(question.path == "/v2/vectordb/collections/describe");
    CHECK(header_of(question, "Authorization") == "Bearer root:Milvus");
    CHECK(prepare(*dialect, target, described("id", "Int64")).verdict == flow::Verdict::delivered);
    CHECK(dialect->is_ready(target));
}

TEST_CASE("a describe that fails leaves the target unready and says what to do") {
    auto const dialect = make_milvus_dialect(settings());
    auto first = record("{}");
    auto const target = place(*dialect, first);
    auto const missing =
        prepare(*dialect, target, R"({"code":100,"message":"can't find collection"})");
    CHECK(goldens::describe(missing) == "blocked blocked target");
    CHECK(goldens::describe(
              prepare(*dialect, target, R"({"code":1100,"message":"Invalid collection name"})")) ==
          "blocked blocked target");
    CHECK(goldens::describe(prepare(*dialect, target, R"({"code":1,"message":"not ready"})")) ==
          "retry server_error -");
    auto const strange = prepare(*dialect, target, described("id", "Float"));
    CHECK(goldens::describe(strange) == "blocked blocked target");
    CHECK(strange.status == "200/0");
    CHECK(strange.message.find("neither Int64 nor VarChar") != std::string::npos);
    CHECK_FALSE(dialect->is_ready(target));
}

TEST_CASE("upserts into a collection with autoID are blocked with clear words") {
    auto const dialect = make_milvus_dialect(settings());
    auto first = record("{}");
    auto const judgement =
        prepare(*dialect, place(*dialect, first), described("id", "Int64", R"(,"autoId":true)"));
    CHECK(goldens::describe(judgement) == "blocked blocked target");
    CHECK(judgement.message.find(
              "default/docs/_default: the collection makes its own keys (autoID)") == 0);
    CHECK(judgement.message.find("operation: insert") != std::string::npos);
}

TEST_CASE(
    "a partition with a partition key, and another primary key than configured, are blocked") {
    auto one = settings();
    one.partition = fixed("p");
    auto const partitioned = make_milvus_dialect(one);
    auto first = record("{}");
    CHECK(prepare(*partitioned, place(*partitioned, first),
                  described("id", "Int64", R"(,"partitionKey":true)"))
              .verdict == flow::Verdict::blocked);
    one = settings();
    one.primary_key = "key";
    auto const keyed = make_milvus_dialect(one);
    CHECK(prepare(*keyed, place(*keyed, first), described("id", "Int64")).verdict ==
          flow::Verdict::blocked);
    CHECK(prepare(*keyed, place(*keyed, first), described("key", "Int64")).verdict ==
          flow::Verdict::delivered);
}

TEST_CASE("code 109 makes the target unready, asks again, retries once and then splits") {
    auto const dialect = known(settings());
    auto const records = ready(*dialect, {R"({"id":1})", R"({"id":2})"});
    auto const target = records[0].target;
    auto const changed = answer(200, R"({"code":109,"message":"schema mismatch"})");
    auto const first = encode(*dialect, records);
    CHECK(dialect->judge(first, changed).verdict == flow::Verdict::retry);
    CHECK_FALSE(dialect->is_ready(target));
    REQUIRE(prepare(*dialect, target, described("id", "Int64")).verdict ==
            flow::Verdict::delivered);
    auto const second = encode(*dialect, records);
    CHECK(second.generation != first.generation);
    CHECK(dialect->judge(second, changed).verdict == flow::Verdict::split);
    CHECK(dialect->is_ready(target));
}

TEST_CASE("a row that alone passes batch.bytes is refused") {
    auto one = settings();
    one.requests.body_bytes_max = 400;
    auto const dialect = known(one);
    auto small = record(R"({"id":1})");
    CHECK(refusal_of(*dialect, small) == "accepted");
    auto large = record(R"({"id":1,"v":")" + std::string(400, 'x') + R"("})");
    CHECK(refusal_of(*dialect, large) == "encode/too_large");
}

TEST_CASE("what inspection of rows and deletes adds up is never less than the body") {
    auto one = deleting();
    one.requests.body_bytes_max = 100'000;
    one.collection = by_header("collection");
    one.partition = by_header("partition");
    one.database = "data\"base";
    std::string const name(255, '"');
    std::vector<flow::Header> const headers{{"collection", name}, {"partition", name}};
    std::vector<std::string> const keys{"1", "-22", "333"};
    for (std::string_view const type : {"Int64", "VarChar"}) {
        for (bool const deletes : {false, true}) {
            auto const dialect = make_milvus_dialect(one);
            std::vector<flow::Record> records;
            std::size_t promised = dialect->shape().envelope_bytes;
            for (std::string const& key : keys) {
                std::string const text = type == "Int64" ? key : "\"\\\n\x01" + key;
                std::string value = R"({"id":")" + key + R"("})";
                records.push_back(
                    record(deletes ? std::nullopt : std::optional<std::string_view>(value), text,
                           headers));
                auto const target = place(*dialect, records.back());
                if (!dialect->is_ready(target)) {
                    REQUIRE(prepare(*dialect, target, described("id", type)).verdict ==
                            flow::Verdict::delivered);
                }
                promised += inspect(*dialect, records.back()).encoded_bytes;
            }
            CHECK(encode(*dialect, records).body.size() <= promised);
        }
    }
}

TEST_CASE("collections and partitions come from topics, headers and fields") {
    auto one = settings();
    one.collection = by_field("/meta/c");
    one.partition = by_header("partition");
    one.partition->default_name = "rest";
    auto const dialect = make_milvus_dialect(one);
    auto first = record(R"({"id":1,"meta":{"c":"a"}})", std::nullopt, {{"partition", "p"}});
    place(*dialect, first);
    CHECK(dialect->target_name(first.target) == "default/a/p");
    auto second = record(R"({"id":1,"meta":{"c":"b"}})");
    place(*dialect, second);
    CHECK(dialect->target_name(second.target) == "default/b/rest");
    auto broken = record(R"({"id":1,"meta":{"c":"b"})");
    CHECK(refusal_of(*dialect, broken) == "decode/invalid_json");
    auto none = record(R"({"id":1})");
    CHECK(refusal_of(*dialect, none) == "encode/no_name");
    CHECK_FALSE(dialect->shape().has_one_name);
    CHECK(known(settings())->shape().has_one_name);
    one.partition->default_name = std::nullopt;
    auto const strict = make_milvus_dialect(one);
    CHECK(refusal_of(*strict, second) == "encode/no_name");
}

TEST_CASE("a collection or partition that is unknown is told where its rule lets records go") {
    using flow::UnknownName;
    auto const no_collection = R"({"code":100,"message":"can't find collection"})";
    auto const no_partition = answer(200, R"({"code":200,"message":"partition not found"})");
    auto const of_old_servers =
        answer(200, R"({"code":1807,"message":"partition not found[partition=p]"})");
    auto const not_loaded = answer(200, R"({"code":101,"message":"collection not loaded"})");
    for (bool const is_collection : {true, false}) {
        auto one = settings();
        one.collection = by_header("c");
        one.partition = by_header("p");
        (is_collection ? one.collection : *one.partition).on_unknown = OnUnknown::dead_letter;
        auto const dialect = make_milvus_dialect(one);
        auto first = record(R"({"id":1})", std::nullopt, {{"c", "docs"}, {"p", "one"}});
        auto const target = place(*dialect, first);
        CHECK(dialect->names_of(target).source == "docs");
        CHECK(dialect->names_of(target).place == "docs/one");
        CHECK(prepare(*dialect, target, no_collection).unknown ==
              (is_collection ? UnknownName::source : UnknownName::none));
        REQUIRE(prepare(*dialect, target, described("id", "Int64")).verdict ==
                flow::Verdict::delivered);
        std::vector<flow::Record> records;
        std::ignore = inspect(*dialect, first);
        records.push_back(std::move(first));
        auto const sent = encode(*dialect, records);
        auto const of_partition = is_collection ? UnknownName::none : UnknownName::place;
        CHECK(dialect->judge(sent, no_partition).unknown == of_partition);
        CHECK(dialect->judge(sent, of_old_servers).unknown == of_partition);
        CHECK(dialect->judge(sent, not_loaded).unknown == UnknownName::none);
    }
}

TEST_CASE("more collections than a sink keeps are refused") {
    auto one = settings();
    one.collection = by_header("c");
    auto const dialect = make_milvus_dialect(one);
    for (std::size_t i = 0; i < targets_max; ++i) {
        std::string const name = "c" + std::to_string(i);
        auto named = record("{}", std::nullopt, {{"c", name}});
        place(*dialect, named);
    }
    auto one_more = record("{}", std::nullopt, {{"c", "one_more"}});
    CHECK(refusal_of(*dialect, one_more) == "encode/too_many_names");
}

}  // namespace
}  // namespace headrace::sinks
