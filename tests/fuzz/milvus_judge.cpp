// Any answer of Milvus, to a write and to describe: the first two bytes are the status, the third
// is the operation, the rest is the body. The whole dialect is asked, so that what it learns from a
// describe is used.
#include "base/json.hpp"
#include "expect.hpp"
#include "sinks/milvus.hpp"
#include "sinks/milvus_answer.hpp"
#include "sinks/peer_text.hpp"

#include <cstdint>

using namespace headrace;
using headrace::fuzz::expect;

namespace {

void check(flow::Judgement const& judgement) {
    if (judgement.verdict == flow::Verdict::delivered) return;
    expect(judgement.reason != flow::FailureReason::none);
    auto const message = sinks::clean_peer_text(judgement.message, "root:hunter2hunter2");
    expect(!message.empty() && message.size() <= sinks::peer_text_bytes_max && is_utf8(message));
}

void judge_write(http::Response const& answer, sinks::MilvusOperation operation) {
    static JsonValidator validator;
    auto const result = sinks::judge_milvus(
        validator, answer,
        {.operation = operation, .records = 2, .target = "default/docs/_default"});
    check(result.judgement);
    if (result.judgement.verdict == flow::Verdict::delivered) expect(answer.status == 200);
}

void judge_describe(http::Response const& answer) {
    sinks::MilvusSettings settings;
    settings.requests.body_bytes_max = 4096;
    settings.collection.value = "docs";
    auto const dialect = sinks::make_milvus_dialect(settings);
    flow::TopicPartition const origin{.topic = "docs", .partition = 0, .hash = 1};
    auto const record = flow::make_record(origin, 0, std::nullopt, R"({"id":1,"a":"x"})");
    auto const target = std::get<flow::TargetId>(dialect->place(record));
    auto const judgement = dialect->judge_preparation(target, answer);
    check(judgement);
    expect(judgement.verdict != flow::Verdict::split);
    expect(dialect->is_ready(target) == (judgement.verdict == flow::Verdict::delivered));
    if (dialect->is_ready(target)) std::ignore = dialect->inspect(record, target);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 3) return 0;
    http::Response answer;
    answer.status = (data[0] * 256 + data[1]) % 700;
    answer.body.assign(reinterpret_cast<char const*>(data) + 3, size - 3);
    auto const operation = static_cast<sinks::MilvusOperation>(data[2] % 4);
    judge_write(answer, operation);
    if (operation == sinks::MilvusOperation::describe) judge_describe(answer);
    return 0;
}
