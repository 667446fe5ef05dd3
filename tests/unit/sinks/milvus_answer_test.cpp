#include "sinks/milvus_answer.hpp"

#include "goldens.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::sinks {
namespace {

MilvusAsk ask_of(std::string const& text) {
    std::size_t const space = text.find(' ');
    std::string const name = text.substr(0, space);
    MilvusOperation operation = MilvusOperation::upsert;
    if (name == "insert") operation = MilvusOperation::insert;
    if (name == "delete") operation = MilvusOperation::erase;
    if (name == "describe") operation = MilvusOperation::describe;
    return {.operation = operation,
            .records = std::stoul(text.substr(space)),
            .target = "default/docs/_default"};
}

MilvusAnswer judge(int status, std::string body, std::string const& ask = "upsert 2") {
    JsonValidator validator;
    return judge_milvus(validator, {.status = status, .headers = {}, .body = std::move(body)},
                        ask_of(ask));
}

TEST_CASE("every golden answer of Milvus gets its judgement") {
    auto const answers = goldens::answers("milvus");
    CHECK(answers.size() > 90);
    for (auto const& golden : answers) {
        INFO(golden.name);
        auto const answer = judge(golden.response.status, golden.response.body, golden.ask);
        CHECK(goldens::describe(answer.judgement) + (answer.schema_changed ? " changed" : "") ==
              golden.expect);
        bool const is_delivered = answer.judgement.verdict == flow::Verdict::delivered;
        CHECK(answer.judgement.message.empty() == is_delivered);
    }
}

TEST_CASE("the status tells HTTP's and the code") {
    CHECK(judge(200, R"({"code":1804,"message":"x"})").judgement.status == "200/1804");
    CHECK(judge(502, "<html>").judgement.status == "502");
}

TEST_CASE("limits and quotas hold the destination, quotas longer") {
    auto const hold = [](std::string body) {
        return judge(200, std::move(body)).judgement.retry_after;
    };
    CHECK(hold(R"({"code":1807,"message":"rate limit exceeded[rate=1]"})") == milvus_rate_hold);
    CHECK(hold(R"({"code":1807,"message":"Quota exceeded[reason=disk]"})") == milvus_quota_hold);
    CHECK(hold(R"({"code":8})") == milvus_rate_hold);
    CHECK(hold(R"({"code":9})") == milvus_quota_hold);
    CHECK_FALSE(hold(R"({"code":1})"));
}

TEST_CASE("what an old schema could explain is marked") {
    CHECK(judge(200, R"({"code":109})").schema_changed);
    CHECK(judge(200, R"({"code":1100})").schema_doubtful);
    CHECK(judge(200, R"({"code":1804})").schema_doubtful);
    CHECK_FALSE(judge(200, R"({"code":1102})").schema_doubtful);
    CHECK(judge(200, R"({"code":100})").is_missing);
    CHECK(judge(200, R"({"code":201})").is_missing);
    CHECK_FALSE(judge(200, R"({"code":0,"data":{"upsertCount":2}})").is_missing);
}

TEST_CASE("the message about Milvus tells what to do and the peer's words") {
    CHECK(judge(404, "404 page not found").judgement.message ==
          "there is no REST v2 at this address; check destination.url, and that the "
          "server is 2.4 or newer: "
          "404 page not found");
    CHECK(judge(200, R"({"code":100,"message":"gone"})").judgement.message ==
          "default/docs/_default is missing or not loaded: gone");
    CHECK(judge(200, R"({"code":0,"data":{"upsertCount":1}})").judgement.message ==
          "Milvus counts 1 rows of 2 that were sent");
    CHECK(judge(200, R"({"code":0})").judgement.message ==
          "Milvus counts no rows of 2 that were sent");
    CHECK(judge(200, "").judgement.message == "the answer is none of Milvus's: an empty body");
}

}  // namespace
}  // namespace headrace::sinks
