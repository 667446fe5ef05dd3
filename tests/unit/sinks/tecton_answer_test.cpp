#include "sinks/tecton_answer.hpp"

#include "goldens.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::sinks {
namespace {

flow::Judgement judge(int status, std::string body, bool dry_run = false) {
    JsonValidator validator;
    return judge_tecton(validator, {.status = status, .headers = {}, .body = std::move(body)},
                        {.stream_sources = "clicks", .dry_run = dry_run});
}

TEST_CASE("every golden answer of Tecton gets its judgement") {
    auto const answers = goldens::answers("tecton");
    CHECK(answers.size() > 50);
    for (auto const& golden : answers) {
        INFO(golden.name);
        auto const judgement = judge(golden.response.status, golden.response.body);
        CHECK(goldens::describe(judgement) == golden.expect);
        CHECK(judgement.status == std::to_string(golden.response.status));
        CHECK(judgement.message.empty() == (judgement.verdict == flow::Verdict::delivered));
    }
}

TEST_CASE("a dry run is delivered with any object, a real run only with Tecton's") {
    CHECK(judge(200, "{}", true).verdict == flow::Verdict::delivered);
    CHECK(judge(200, "{}", false).verdict == flow::Verdict::retry);
    CHECK(judge(200, "[]", true).verdict == flow::Verdict::retry);
    CHECK(judge(200, "", true).verdict == flow::Verdict::retry);
    CHECK(judge(201, "{}", true).verdict == flow::Verdict::retry);
    CHECK(judge(200, R"({"recordErrors":[{}]})", true).verdict == flow::Verdict::split);
}

TEST_CASE("the message tells what to do and the peer's words") {
    auto const judgement = judge(401, R"({"error":"UNAUTHENTICATED","message":"no such key"})");
    CHECK(judgement.message ==
          "Tecton does not take the API key; check destination.api_key: no such key");
    auto const missing = judge(404, "");
    CHECK(missing.message ==
          "Tecton does not know the stream source clicks, its workspace or a feature "
          "view of it: an empty body");
}

TEST_CASE("the first record error is told with its type") {
    auto const judgement = judge(
        400,
        R"({"recordErrors":[{"errorType":"T","errorMessage":"first"},{"errorMessage":"second"}]})");
    CHECK(judgement.message == "Tecton refuses: T: first");
    CHECK(judge(400, R"({"recordErrors":[{"errorMessage":"only"}]})").message ==
          "Tecton refuses: only");
    CHECK(judge(400, R"({"recordErrors":[7]})").message ==
          R"(Tecton refuses: {"recordErrors":[7]})");
}

TEST_CASE("a 404 of the workspace blocks the destination, of a source only the target") {
    auto const scope = [](std::string text) {
        return judge(404, R"({"requestError":{"errorMessage":")" + text + R"("}})").scope;
    };
    CHECK(scope("Unknown workspace") == flow::BlockScope::destination);
    CHECK(scope("WORKSPACE prod missing") == flow::BlockScope::destination);
    CHECK(scope("Source clicks missing in workspace prod") == flow::BlockScope::target);
    CHECK(scope("push_source clicks, workspace prod") == flow::BlockScope::target);
    CHECK(scope("FeatureView of workspace prod") == flow::BlockScope::target);
    CHECK(scope("RESOURCE workspace prod") == flow::BlockScope::destination);
    CHECK(scope("gone") == flow::BlockScope::target);
}

}  // namespace
}  // namespace headrace::sinks
