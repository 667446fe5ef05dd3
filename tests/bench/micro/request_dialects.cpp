#include "request_dialects.hpp"

#include "sinks/milvus.hpp"
#include "sinks/tecton.hpp"

#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace headrace::bench {
namespace {

constexpr std::string_view tecton_yes =
    R"({"workspaceName":"production","ingestMetrics":{"featureViewIngestMetrics":[)"
    R"({"featureViewName":"clicks_fv","onlineRecordIngestCount":"10",)"
    R"("offlineRecordIngestCount":"10","featureViewId":"b6f14021557d3f2ba95247add3642820"}]}})";
constexpr std::string_view milvus_schema =
    R"({"code":0,"data":{"autoId":false,"enableDynamicField":true,"fields":[)"
    R"({"name":"id","type":"Int64","primaryKey":true,"autoId":false,"partitionKey":false},)"
    R"({"name":"vector","type":"FloatVector","params":[{"key":"dim","value":"5"}],)"
    R"("primaryKey":false}]}})";

sinks::NameRule fixed_name(std::string name) {
    sinks::NameRule rule;
    rule.value = std::move(name);
    return rule;
}

}  // namespace

std::unique_ptr<sinks::Dialect> make_dialect(Destination destination) {
    sinks::Secret const secret("a-key-as-long-as-keys-are-0123456789");
    if (destination == Destination::tecton) {
        sinks::TectonSettings settings;
        settings.requests.client.url.path = "/ingest";
        settings.requests.body_bytes_max = 1U << 20;
        settings.api_key = secret;
        settings.workspace_name = "production";
        settings.stream_source_name = fixed_name("clicks_of_the_shop");
        return sinks::make_tecton_dialect(std::move(settings));
    }
    sinks::MilvusSettings settings;
    settings.requests.body_bytes_max = 2U << 20;
    settings.token = secret;
    settings.collection = fixed_name("documents_of_the_shop");
    return sinks::make_milvus_dialect(std::move(settings));
}

void make_ready(sinks::Dialect& dialect) {
    flow::TopicPartition const origin{"clicks", 0, 1};
    flow::Record record;
    record.origin = &origin;
    record.value = R"({"id":1})";
    auto const target = std::get<flow::TargetId>(dialect.place(record));
    http::Response response;
    say_schema(response);
    if (!dialect.is_ready(target)) std::ignore = dialect.judge_preparation(target, response);
}

void say_schema(http::Response& response) {
    response.status = 200;
    response.body = milvus_schema;
}

void say_yes(Destination destination, std::size_t records, http::Response& response) {
    response.status = 200;
    if (destination == Destination::tecton) {
        response.body = tecton_yes;
        return;
    }
    std::array<char, 20> digits{};
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), records).ptr;
    response.body = R"({"code":0,"cost":6,"data":{"upsertCount":)";
    response.body.append(digits.data(), end);
    response.body += R"(,"upsertIds":[1,2,3]}})";
}

}  // namespace headrace::bench
