// Any record through the dialects: the first byte chooses a dialect and whether the value is null,
// the second is the key's length, then come the key and the value. What is accepted must encode to
// one JSON object of at most the promised size.
#include "base/json.hpp"
#include "expect.hpp"
#include "sinks/milvus.hpp"
#include "sinks/tecton.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

using namespace headrace;
using headrace::fuzz::expect;

namespace {

sinks::NameRule by_field(std::string pointer) {
    sinks::NameRule rule;
    rule.from = sinks::NameRule::From::field;
    rule.value = std::move(pointer);
    rule.default_name = "rest";
    return rule;
}

std::unique_ptr<sinks::Dialect> tecton(bool by_name_in_field) {
    sinks::TectonSettings settings;
    settings.requests.body_bytes_max = 4096;
    settings.workspace_name = "prod";
    settings.stream_source_name.value = "clicks";
    if (by_name_in_field) settings.stream_source_name = by_field("/meta/source");
    return sinks::make_tecton_dialect(settings);
}

std::unique_ptr<sinks::Dialect> milvus(bool by_name_in_field) {
    sinks::MilvusSettings settings;
    settings.requests.body_bytes_max = 4096;
    settings.requests.on_tombstone = sinks::OnTombstone::delete_row;
    settings.collection.value = "docs";
    if (by_name_in_field) settings.collection = by_field("/a");
    return sinks::make_milvus_dialect(settings);
}

void describe(sinks::Dialect& dialect, flow::TargetId target, bool is_varchar) {
    http::Response answer{.status = 200, .headers = {}, .body = {}};
    answer.body =
        std::string(R"({"code":0,"data":{"fields":[{"name":"id","primaryKey":true,"type":")") +
        (is_varchar ? "VarChar" : "Int64") + "\"}]}}";
    std::ignore = dialect.judge_preparation(target, answer);
}

void check_refusal(flow::Refusal const& refusal) {
    static constexpr std::array<std::string_view, 10> reasons{
        "empty_value", "invalid_json", "not_an_object", "tombstone", "bad_key",
        "bad_name",    "no_key",       "no_name",       "too_large", "too_many_names"};
    expect(std::find(reasons.begin(), reasons.end(), refusal.reason) != reasons.end());
    expect(!refusal.message.empty() && refusal.message.size() < 1024 && is_utf8(refusal.message));
}

/// Sends the record twice in one request.
void check_request(sinks::Dialect& dialect, std::array<flow::Record, 2> const& records,
                   std::size_t encoded_bytes) {
    static JsonValidator validator;
    std::vector<std::uint32_t> effective;
    dialect.collapse(records, effective);
    expect(!effective.empty() && effective.back() == 1);
    sinks::EncodedRequest request;
    dialect.encode(records, effective, request);
    expect(validator.check_object(request.body).has_value());
    expect(request.body.size() <=
           dialect.shape().envelope_bytes + effective.size() * encoded_bytes);
    expect(request.records == effective.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 2) return 0;
    std::uint8_t const choice = data[0];
    bool const is_milvus = choice % 2 == 1;
    std::string_view rest(reinterpret_cast<char const*>(data) + 2, size - 2);
    std::string_view const key = rest.substr(0, data[1]);
    rest.remove_prefix(key.size());
    auto const dialect = is_milvus ? milvus((choice & 2U) != 0) : tecton((choice & 2U) != 0);
    static flow::TopicPartition const origin{.topic = "docs", .partition = 0, .hash = 1};
    auto const value = (choice & 4U) != 0 ? std::nullopt : std::optional(rest);
    std::array<flow::Record, 2> records{flow::make_record(origin, 0, key, value),
                                        flow::make_record(origin, 1, key, value)};

    auto const placement = dialect->place(records[0]);
    if (auto const* refusal = std::get_if<flow::Refusal>(&placement)) check_refusal(*refusal);
    if (!std::holds_alternative<flow::TargetId>(placement)) return 0;
    auto const target = std::get<flow::TargetId>(placement);
    if (!dialect->is_ready(target)) describe(*dialect, target, (choice & 8U) != 0);
    expect(dialect->is_ready(target));
    auto const inspected = dialect->inspect(records[0], target);
    if (auto const* refusal = std::get_if<flow::Refusal>(&inspected)) {
        check_refusal(*refusal);
        return 0;
    }
    auto const& inspection = std::get<flow::Inspection>(inspected);
    for (auto& record : records) {
        record.target = target;
        record.sink_word = inspection.sink_word;
    }
    check_request(*dialect, records, inspection.encoded_bytes);
    return 0;
}
