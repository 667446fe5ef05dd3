#include "config/build.hpp"
#include "config/followed_files.hpp"
#include "config/http_settings.hpp"
#include "http/message.hpp"
#include "http/url.hpp"
#include "kafka/topic_pattern.hpp"

#include <algorithm>

namespace headrace::config {
namespace {

/// What the sinks take at most, see sinks/name_source.hpp.
constexpr std::size_t target_name_bytes_max = 255;

Result<void> check_secret(std::string_view value) {
    if (!value.empty() && http::is_header_value(value)) return {};
    return Error{ErrorCode::invalid_config, "must be one line of text without control characters"};
}

sinks::Secret read_secret(BuildContext const& context, SettingsLookup const& lookup,
                          std::string_view key, FileSecrets& followed) {
    auto const* const value = lookup.find(key);
    if (value == nullptr) return {};
    if (auto const checked = check_secret(value->text.value); !checked)
        lookup.report(key, checked.error().message);
    return follow_text(context, lookup.path(key), value->text, check_secret, followed);
}

/// A rule by topic must fit the topics that are read: a name for each of them, and none that nobody
/// reads.
void check_rule_topics(SettingsLookup const& lookup, std::string_view key, Value const& value,
                       std::vector<std::string> const& topics) {
    if (topics.empty()) return;
    std::vector<std::string_view> const known(topics.begin(), topics.end());
    for (auto const& [topic, name] : value.table) {
        if (!kafka::matching(topics, {topic.value}).empty()) continue;
        auto const advice = kafka::is_pattern(topics) ? "" : did_you_mean(topic.value, known);
        lookup.report(std::string(key) + ".topic", topic.at,
                      in_quotes(topic.value) + " is not one of source.topics" + advice);
    }
    if (kafka::is_pattern(topics) || value.rule.default_name) return;
    for (auto const& topic : topics) {
        if (value.rule.by_topic.contains(topic)) continue;
        lookup.report(std::string(key) + ".topic", value.at,
                      "has no name for the topic " + topic + ": add it, or a default");
    }
}

sinks::NameRule read_rule(SettingsLookup const& lookup, std::string_view key,
                          std::vector<std::string> const& topics) {
    auto const* const value = lookup.find(key);
    if (value == nullptr) return {};
    auto const& rule = value->rule;
    auto const is_long = [](std::string const& name) {
        return name.size() > target_name_bytes_max;
    };
    bool const is_too_long = (rule.from == sinks::NameRule::From::fixed && is_long(rule.value)) ||
                             (rule.default_name && is_long(*rule.default_name)) ||
                             std::any_of(rule.by_topic.begin(), rule.by_topic.end(),
                                         [&](auto const& entry) { return is_long(entry.second); });
    if (is_too_long) lookup.report(key, "holds a name of more than 255 bytes");
    if (rule.from == sinks::NameRule::From::topic) check_rule_topics(lookup, key, *value, topics);
    return rule;
}

http::Url read_url(SettingsLookup const& lookup) {
    auto url = http::parse_url(lookup.text("destination.url"));
    if (url) return std::move(url).value();
    lookup.report("destination.url", url.error().message);
    return {};
}

/// The host alone, as Tecton's own sink takes it: what else people paste gets its own advice.
std::string instance_fault(std::string_view instance) {
    if (instance.find("://") != std::string_view::npos)
        return "must be a host such as acme.tecton.ai without http://; a whole address goes into "
               "url";
    if (instance.starts_with("preview."))
        return "must be the instance without preview., which is put before it; other hosts go into "
               "url";
    bool const is_host = std::all_of(instance.begin(), instance.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-';
    });
    return is_host ? ""
                   : "must be a host such as acme.tecton.ai without port or path; other addresses "
                     "go into url";
}

http::Url read_tecton_url(SettingsLookup const& lookup) {
    bool const has_url = lookup.is_set("destination.url");
    if (has_url == lookup.is_set("destination.instance")) {
        lookup.report(has_url ? "destination.instance" : "destination",
                      has_url ? "stands beside url: give one of them"
                              : "needs instance, such as acme.tecton.ai, or url");
        return {};
    }
    if (has_url) {
        auto const url = read_url(lookup);
        auto const text = lookup.text("destination.url");
        // Requests to / would be answered 404: every endpoint of Tecton has a path.
        if (url.path == "/" && !text.empty() && !text.ends_with('/')) {
            lookup.report("destination.url",
                          "has no path: Tecton's endpoints end with /ingest or /v2/ingest");
        }
        return url;
    }
    auto const instance = lookup.text("destination.instance");
    if (instance.empty()) return {};
    auto fault = instance_fault(instance);
    auto url = http::parse_url("https://preview." + instance + "/ingest");
    if (fault.empty() && url) return std::move(url).value();
    lookup.report("destination.instance", fault.empty() ? url.error().message : fault);
    return {};
}

sinks::OnTombstone read_tombstone_rule(SettingsLookup const& lookup, bool can_delete) {
    auto const text = lookup.text("record.on_tombstone");
    if (text == "dead_letter") return sinks::OnTombstone::dead_letter;
    if (text != "delete") return sinks::OnTombstone::skip;
    if (!can_delete) {
        lookup.report("record.on_tombstone",
                      "is delete, which only Milvus can do: skip or dead_letter are possible here");
    }
    return sinks::OnTombstone::delete_row;
}

sinks::TectonSettings build_tecton(BuildContext const& context, SettingsLookup const& lookup,
                                   std::vector<std::string> const& topics, FileSecrets& followed) {
    sinks::TectonSettings tecton;
    tecton.requests.client = read_client_settings(context, lookup);
    tecton.requests.client.url = read_tecton_url(lookup);
    tecton.api_key = read_secret(context, lookup, "destination.api_key", followed);
    tecton.workspace_name = lookup.text("destination.workspace_name");
    tecton.stream_source_name = read_rule(lookup, "destination.stream_source_name", topics);
    tecton.dry_run = lookup.flag("destination.dry_run");
    return tecton;
}

sinks::MilvusSettings build_milvus(BuildContext const& context, SettingsLookup const& lookup,
                                   std::vector<std::string> const& topics, FileSecrets& followed) {
    sinks::MilvusSettings milvus;
    milvus.requests.client = read_client_settings(context, lookup);
    if (!lookup.is_set("destination.url")) {
        lookup.report("destination.url", "is required: such as http://localhost:19530");
    } else if (lookup.find("destination.url") != nullptr) {
        milvus.requests.client.url = read_url(lookup);
    }
    milvus.token = read_secret(context, lookup, "destination.token", followed);
    milvus.database = lookup.text("destination.database");
    milvus.collection = read_rule(lookup, "destination.collection", topics);
    if (lookup.find("destination.partition") != nullptr)
        milvus.partition = read_rule(lookup, "destination.partition", topics);
    milvus.insert = lookup.text("destination.operation") == "insert";
    milvus.primary_key = lookup.text("destination.primary_key");
    return milvus;
}

}  // namespace

Destination build_destination(BuildContext const& context, SettingsLookup const& lookup,
                              std::vector<std::string> const& topics, FileSecrets& followed) {
    auto const type = lookup.text("destination.type");
    Destination destination;
    if (type == "tecton") destination = build_tecton(context, lookup, topics, followed);
    if (type == "milvus") destination = build_milvus(context, lookup, topics, followed);
    std::visit(
        [&](auto& settings) {
            auto& requests = settings.requests;
            read_headers(context, lookup, requests, followed);
            requests.compression = read_compression(lookup);
            requests.refresh = follow_connection_files(context, lookup, followed);
            if (requests.refresh) requests.refresh(requests.client);
            requests.on_tombstone = read_tombstone_rule(lookup, type != "tecton");
        },
        destination);
    return destination;
}

}  // namespace headrace::config
