#include "sinks/tecton.hpp"

#include "dialect_fixture.hpp"
#include "goldens.hpp"
#include "sinks/target_index.hpp"

namespace headrace::sinks {
namespace {

using namespace fixture;

TectonSettings settings() {
    return {.requests = requests("/ingest"),
            .api_key = Secret("key-1"),
            .workspace_name = "prod",
            .stream_source_name = fixed("clicks"),
            .dry_run = false};
}

std::string body_of_one(TectonSettings const& one, std::string_view value) {
    auto const dialect = make_tecton_dialect(one);
    return encode(*dialect, ready(*dialect, {value})).body;
}

std::unique_ptr<Dialect> with_header_names() {
    auto one = settings();
    one.stream_source_name = by_header("source");
    return make_tecton_dialect(one);
}

TEST_CASE("one record is spliced into the snake_case envelope as it came") {
    auto const dialect = make_tecton_dialect(settings());
    auto const records = ready(
        *dialect, {R"({"timestamp":"2023-01-02T00:25:06Z","user_id":"C18947Z5","clicked":1})"});
    auto const request = encode(*dialect, records);
    CHECK(request.body == goldens::request("tecton/requests/one_record.json"));
    CHECK(request.path == "/ingest");
    CHECK(request.records == 1);
    CHECK(request.targets == std::vector<flow::TargetId>{0});
}

TEST_CASE("a path with /v2/ takes camelCase, and a dry run says so") {
    auto one = settings();
    one.requests = requests("/v2/ingest");
    one.workspace_name = R"(prod "eu")";
    one.dry_run = true;
    auto const dialect = make_tecton_dialect(one);
    auto const request = encode(*dialect, ready(*dialect, {R"({"a":1})"}));
    CHECK(request.body == goldens::request("tecton/requests/camel_case_dry_run.json"));
    CHECK(request.path == "/v2/ingest");
    CHECK(dialect->judge(request, answer(200, "{}")).verdict == flow::Verdict::delivered);
}

TEST_CASE("white space, escapes and numbers of any size keep their bytes") {
    auto const dialect = make_tecton_dialect(settings());
    auto const records = ready(
        *dialect, {" {\"big\":12345678901234567890123, \"e\":1e400,\t\"u\":\"\\u00e4\\/\" } "});
    CHECK(encode(*dialect, records).body == goldens::request("tecton/requests/bytes_kept.json"));
}

TEST_CASE("a request carries several stream sources, each with its records in order") {
    auto const dialect = with_header_names();
    std::vector<flow::Record> records;
    int n = 0;
    for (std::string_view const source : {"clicks", "views", "clicks", "q\"uote"}) {
        records.push_back(
            record("{\"n\":" + std::to_string(++n) + "}", std::nullopt, {{"source", source}}));
        inspect(*dialect, records.back());
    }
    auto const request = encode(*dialect, records);
    CHECK(request.body == goldens::request("tecton/requests/several_sources.json"));
    CHECK(request.targets.size() == 3);
    CHECK(dialect->target_name(records[1].target) == "views");
    auto const judgement = dialect->judge(request, answer(404, ""));
    CHECK(judgement.message.find("clicks, views, q\"uote") != std::string::npos);
}

TEST_CASE("only the effective records are sent") {
    auto const dialect = make_tecton_dialect(settings());
    auto const records = ready(*dialect, {R"({"a":1})", R"({"a":2})", R"({"a":3})"});
    std::vector<std::uint32_t> const effective{0, 2};
    EncodedRequest request;
    dialect->encode(records, effective, request);
    CHECK(request.body.ends_with(R"([{"record":{"a":1}},{"record":{"a":3}}]}})"));
    CHECK(request.records == 2);
}

TEST_CASE("an empty request is still one JSON object") {
    auto const dialect = make_tecton_dialect(settings());
    EncodedRequest request;
    dialect->encode({}, {}, request);
    CHECK(request.body == R"({"workspace_name":"prod","dry_run":false,"records":{}})");
}

TEST_CASE("the key is read at each request and stands after its scheme") {
    int reads = 0;
    auto one = settings();
    one.api_key = Secret([&reads](std::string& out) { out = "key-" + std::to_string(++reads); });
    auto const dialect = make_tecton_dialect(one);
    auto const records = ready(*dialect, {"{}"});
    CHECK(header_of(encode(*dialect, records), "Authorization") == "Tecton-key key-1");
    auto const second = encode(*dialect, records);
    CHECK(header_of(second, "Authorization") == "Tecton-key key-2");
    CHECK(second.credential == "key-2");
    CHECK(header_of(second, "Content-Type") == "application/json");
}

TEST_CASE("malformed record: what is not one JSON object is refused at decode") {
    auto const dialect = make_tecton_dialect(settings());
    auto const refusal = [&](std::string_view value) {
        auto one = record(value);
        return refusal_of(*dialect, one);
    };
    CHECK(refusal("") == "decode/empty_value");
    CHECK(refusal("{\"a\":1") == "decode/invalid_json");
    CHECK(refusal("{} {}") == "decode/invalid_json");
    CHECK(refusal("[1]") == "decode/not_an_object");
    CHECK(refusal("{\"a\":\"\xFF\"}") == "decode/invalid_json");
    CHECK(refusal("{}") == "accepted");
}

TEST_CASE("every answer is judged by its own status and bytes, whatever came before it") {
    auto const dialect = make_tecton_dialect(settings());
    auto const request = encode(*dialect, ready(*dialect, {R"({"a":1})"}));
    std::string const delivered = R"({"workspaceName":"prod"})";
    std::string const refused =
        R"({"workspaceName":"prod","recordErrors":[{"errorType":"E","errorMessage":"m"}]})";
    for (int round = 0; round < 2; ++round) {
        CHECK(dialect->judge(request, answer(200, delivered)).verdict == flow::Verdict::delivered);
        CHECK(dialect->judge(request, answer(200, delivered)).status == "200");
        CHECK(dialect->judge(request, answer(503, delivered)).verdict == flow::Verdict::retry);
        CHECK(dialect->judge(request, answer(200, refused)).verdict == flow::Verdict::split);
        CHECK(dialect->judge(request, answer(200, "{}")).verdict == flow::Verdict::retry);
    }
}

TEST_CASE("a tombstone is skipped or dead-lettered as configured") {
    auto one = settings();
    auto tombstone = record(std::nullopt, "k");
    CHECK(refusal_of(*make_tecton_dialect(one), tombstone) == "skipped");
    one.requests.on_tombstone = OnTombstone::dead_letter;
    CHECK(refusal_of(*make_tecton_dialect(one), tombstone) == "decode/tombstone");
    one.requests.on_tombstone = OnTombstone::delete_row;
    CHECK(refusal_of(*make_tecton_dialect(one), tombstone) == "decode/tombstone");
}

TEST_CASE("a record that alone passes batch.bytes is refused with both numbers and the option") {
    auto one = settings();
    std::string const value = R"({"a":"xyz"})";
    std::size_t const size = body_of_one(one, value).size();
    auto fitting = record(value);
    one.requests.body_bytes_max = size;
    CHECK(refusal_of(*make_tecton_dialect(one), fitting) == "accepted");

    one.requests.body_bytes_max = size - 1;
    auto const dialect = make_tecton_dialect(one);
    auto const target = place(*dialect, fitting);
    auto const refusal = std::get<flow::Refusal>(dialect->inspect(fitting, target));
    CHECK(refusal.stage == flow::Stage::encode);
    CHECK(refusal.reason == "too_large");
    CHECK(refusal.message == "alone in a request the record makes a body of " +
                                 std::to_string(size) + " bytes, the limit is " +
                                 std::to_string(size - 1) +
                                 ": raise batch.bytes if the destination takes more");
}

TEST_CASE("what inspection adds up is never less than the body") {
    auto const dialect = with_header_names();
    std::vector<flow::Record> records;
    std::size_t promised = dialect->shape().envelope_bytes;
    for (int i = 0; i < 40; ++i) {
        std::string const name = "\"source\"" +
                                 std::string(static_cast<std::size_t>(i % 16) * 15, 'x') +
                                 std::to_string(i % 16);
        records.push_back(record(R"({"a":1})", std::nullopt, {{"source", name}}));
        promised += inspect(*dialect, records.back()).encoded_bytes;
    }
    auto const request = encode(*dialect, records);
    CHECK(request.targets.size() == 16);
    CHECK(request.body.size() <= promised);
}

TEST_CASE("a fixed name makes requests of one source, names from records of up to sixteen") {
    auto const shape = make_tecton_dialect(settings())->shape();
    CHECK(shape.targets_max == 1);
    CHECK(shape.has_one_name);
    CHECK_FALSE(shape.has_own_key);
    auto const several = with_header_names()->shape();
    CHECK(several.targets_max == 16);
    CHECK_FALSE(several.has_one_name);
}

TEST_CASE("a missing, empty or unusable name is refused at encode") {
    auto const dialect = with_header_names();
    auto absent = record("{}");
    CHECK(refusal_of(*dialect, absent) == "encode/no_name");
    auto empty = record("{}", std::nullopt, {{"source", ""}});
    CHECK(refusal_of(*dialect, empty) == "encode/bad_name");
    auto binary = record("{}", std::nullopt, {{"source", "\xFF"}});
    CHECK(refusal_of(*dialect, binary) == "encode/bad_name");
}

TEST_CASE("a name in a field is looked for only in a value that is JSON") {
    auto one = settings();
    one.stream_source_name = by_field("/meta/source");
    auto const dialect = make_tecton_dialect(one);
    auto good = record(R"({"meta":{"source":"\u0061b"}})");
    inspect(*dialect, good);
    CHECK(dialect->target_name(good.target) == "ab");
    auto broken = record(R"({"meta":{"source":"a"})");
    CHECK(refusal_of(*dialect, broken) == "decode/invalid_json");
    auto number = record(R"({"meta":{"source":1}})");
    CHECK(refusal_of(*dialect, number) == "encode/bad_name");
    auto none = record("{}");
    CHECK(refusal_of(*dialect, none) == "encode/no_name");
}

TEST_CASE("a stream source that is unknown is told where its rule lets records go") {
    http::Response missing;
    missing.status = 404;
    missing.body = R"({"requestError":{"errorMessage":"stream source not found"}})";
    for (auto const on_unknown : {OnUnknown::block, OnUnknown::dead_letter}) {
        auto one = settings();
        one.stream_source_name = by_header("source");
        one.stream_source_name.on_unknown = on_unknown;
        auto const dialect = make_tecton_dialect(one);
        EncodedRequest sent;
        auto first = record("{}", std::nullopt, {{"source", "clicks"}});
        sent.targets.push_back(place(*dialect, first));
        auto const judgement = dialect->judge(sent, missing);
        CHECK(judgement.verdict == flow::Verdict::blocked);
        CHECK(judgement.unknown == (on_unknown == OnUnknown::dead_letter
                                        ? flow::UnknownName::source
                                        : flow::UnknownName::none));
    }
}

TEST_CASE("more names than a sink keeps are refused, the known ones go on") {
    auto const dialect = with_header_names();
    for (std::size_t i = 0; i < targets_max; ++i) {
        std::string const name = "s" + std::to_string(i);
        auto one = record("{}", std::nullopt, {{"source", name}});
        REQUIRE(place(*dialect, one) == i);
    }
    auto one_more = record("{}", std::nullopt, {{"source", "one-more"}});
    CHECK(refusal_of(*dialect, one_more) == "encode/too_many_names");
    auto known = record("{}", std::nullopt, {{"source", "s77"}});
    CHECK(refusal_of(*dialect, known) == "accepted");
}

}  // namespace
}  // namespace headrace::sinks
