#include "config/print.hpp"

#include "base/size.hpp"
#include "base/timestamp.hpp"
#include "config/http_settings.hpp"
#include "config/listen_address.hpp"
#include "config/yaml_writer.hpp"
#include "http/url.hpp"
#include "kafka/log_sink.hpp"

namespace headrace::config {
namespace {

constexpr std::string_view mask = "***";
constexpr std::size_t tecton_batch_size_max = 10;

void print_properties(YamlWriter& yaml, std::map<std::string, std::string> const& properties) {
    if (properties.empty()) return;
    yaml.open("properties");
    for (auto const& [name, value] : properties) {
        yaml.text(name, kafka::is_secret_property(name) ? mask : std::string_view(value));
    }
    yaml.close();
}

void print_size(YamlWriter& yaml, std::string_view key, std::size_t bytes) {
    yaml.word(key, format_size(bytes));
}

void print_shared(YamlWriter& yaml, Config const& config) {
    if (!config.bootstrap_servers.empty() || !config.properties.empty()) {
        yaml.open("kafka");
        if (!config.bootstrap_servers.empty())
            yaml.text("bootstrap_servers", config.bootstrap_servers);
        print_properties(yaml, config.properties);
        yaml.close();
    }
    yaml.open("admin");
    yaml.text("listen", format_listen_address(config.admin));
    yaml.close();
    yaml.open("log");
    yaml.word("level", ops::to_string(config.log.level));
    yaml.word("format", ops::to_string(config.log.format));
    yaml.close();
    yaml.open("limits");
    print_size(yaml, "memory", config.limits.memory_bytes);
    yaml.seconds("drain_secs", config.limits.drain);
    yaml.word("workers", config.limits.workers ? std::to_string(*config.limits.workers) : "auto");
    yaml.number("uncommitted_records_max", config.limits.uncommitted_records_max);
    yaml.close();
}

std::string_view order_word(Order order) noexcept {
    if (order == Order::none) return "none";
    return order == Order::partition ? "partition" : "key";
}

std::string start_word(kafka::SourceSettings const& source) {
    if (source.start == kafka::StartKind::time) return format_timestamp(source.start_time);
    return source.start == kafka::StartKind::latest ? "latest" : "earliest";
}

void print_source(YamlWriter& yaml, Config const& config, Route const& route) {
    auto const& source = route.source;
    yaml.open("source");
    yaml.open("topics");
    for (auto const& topic : source.topics)
        yaml.item(topic);
    yaml.close();
    yaml.text("group", source.group);
    if (source.bootstrap_servers != config.bootstrap_servers)
        yaml.text("bootstrap_servers", source.bootstrap_servers);
    std::map<std::string, std::string> own;
    for (auto const& [name, value] : source.properties) {
        auto const shared = config.properties.find(name);
        if (shared == config.properties.end() || shared->second != value) own.emplace(name, value);
    }
    print_properties(yaml, own);
    yaml.text("start", start_word(source));
    yaml.word("order", order_word(route.flow.order));
    if (!source.instance_id.empty()) yaml.text("instance_id", source.instance_id);
    yaml.milliseconds("commit_interval_ms", route.flow.commit_interval);
    yaml.seconds("revoke_drain_secs", route.flow.revoke_drain);
    yaml.close();
}

void print_rule(YamlWriter& yaml, std::string_view key, sinks::NameRule const& rule) {
    using From = sinks::NameRule::From;
    if (rule.from == From::fixed) {
        yaml.text(key, rule.value);
        return;
    }
    yaml.open(key);
    if (rule.from == From::topic) {
        yaml.open("topic");
        for (auto const& [topic, name] : rule.by_topic)
            yaml.text(topic, name);
        yaml.close();
    } else {
        yaml.text(rule.from == From::header ? "header" : "field", rule.value);
    }
    if (rule.default_name) yaml.text("default", *rule.default_name);
    yaml.word("on_unknown",
              rule.on_unknown == sinks::OnUnknown::dead_letter ? "dead_letter" : "block");
    yaml.close();
}

void print_settings(YamlWriter& yaml, sinks::TectonSettings const& tecton) {
    yaml.word("type", "tecton");
    yaml.text("url", http::to_string(tecton.requests.client.url));
    yaml.text("api_key", mask);
    yaml.text("workspace_name", tecton.workspace_name);
    print_rule(yaml, "stream_source_name", tecton.stream_source_name);
    yaml.flag("dry_run", tecton.dry_run);
}

void print_settings(YamlWriter& yaml, sinks::MilvusSettings const& milvus) {
    yaml.word("type", "milvus");
    yaml.text("url", http::to_string(milvus.requests.client.url));
    if (milvus.token) yaml.text("token", mask);
    yaml.text("database", milvus.database);
    print_rule(yaml, "collection", milvus.collection);
    if (milvus.partition) print_rule(yaml, "partition", *milvus.partition);
    yaml.word("operation", milvus.insert ? "insert" : "upsert");
    if (!milvus.primary_key.empty()) yaml.text("primary_key", milvus.primary_key);
}

std::string_view tombstone_word(sinks::OnTombstone rule) noexcept {
    if (rule == sinks::OnTombstone::delete_row) return "delete";
    return rule == sinks::OnTombstone::dead_letter ? "dead_letter" : "skip";
}

void print_http(YamlWriter& yaml, Route const& route) {
    auto const& client = route.requests().client;
    yaml.open("http");
    yaml.seconds("timeout_secs", client.request_timeout);
    yaml.seconds("connect_timeout_secs", client.connect_timeout);
    auto const limit = std::to_string(route.flow.concurrency.max);
    yaml.word("concurrency", route.flow.concurrency.is_auto ? "auto" : limit);
    yaml.word("concurrency_max", limit);
    yaml.seconds("idle_secs", client.idle_timeout);
    print_size(yaml, "response_bytes_max", client.response_bytes_max);
    auto const& compression = route.requests().compression;
    bool const compresses = compression.coding != http::ContentCoding::identity;
    yaml.word("compression", compresses ? http::to_string(compression.coding) : "none");
    if (compresses) yaml.word("compression_level", std::to_string(compression.level));
    yaml.open("tls");
    if (!client.tls.ca_file.empty()) yaml.text("ca", client.tls.ca_file);
    if (!client.tls.certificate_file.empty()) yaml.text("certificate", client.tls.certificate_file);
    if (!client.tls.key_file.empty()) yaml.text("key", client.tls.key_file);
    yaml.flag("verify", client.tls.verify);
    yaml.close();
    if (!route.requests().headers.empty()) {
        yaml.open("headers");
        for (auto const& [name, value] : route.requests().headers) {
            yaml.text(name, is_secret_header(name) ? mask : std::string_view(value));
        }
        yaml.close();
    }
    if (!client.proxy.host.empty()) {
        auto address = http::to_string(client.proxy);
        if (!client.proxy_authorization.empty())
            address.insert(std::string_view("http://").size(), "***:***@");
        yaml.text("proxy", address);
    }
    yaml.close();
}

void print_retry(YamlWriter& yaml, Retry const& retry) {
    yaml.open("retry");
    yaml.number("max_retries", retry.max_retries);
    yaml.milliseconds("initial_ms", retry.initial);
    yaml.milliseconds("max_ms", retry.max);
    yaml.word("then", retry.then == AfterRetries::dead_letter ? "dead_letter" : "block");
    yaml.milliseconds("probe_ms", retry.probe);
    yaml.milliseconds("blocked_probe_ms", retry.blocked_probe);
    yaml.number("suspect_after", retry.suspect_after);
    yaml.seconds("suspect_secs", retry.suspect_time);
    yaml.number("budget_percent", retry.budget_percent);
    yaml.close();
}

void print_rate_limit(YamlWriter& yaml, RateLimit const& limit) {
    if (!limit.is_on()) return;
    yaml.open("rate_limit");
    if (limit.requests_per_sec != 0) yaml.number("requests_per_sec", limit.requests_per_sec);
    if (limit.records_per_sec != 0) yaml.number("records_per_sec", limit.records_per_sec);
    if (limit.bytes_per_sec != 0) print_size(yaml, "bytes_per_sec", limit.bytes_per_sec);
    yaml.close();
}

/// Without a topic only what differs from the default.
void print_dead_letters(YamlWriter& yaml, Route const& route) {
    auto const in_a_row_max = route.flow.refusals_in_a_row_max;
    auto const* const key = find_key("routes[].dead_letters.in_a_row_max");
    bool const is_default = key != nullptr && key->preset == std::to_string(in_a_row_max);
    if (!route.dead_letters && is_default) return;
    yaml.open("dead_letters");
    if (route.dead_letters) yaml.text("topic", route.dead_letters->topic);
    yaml.number("in_a_row_max", in_a_row_max);
    yaml.close();
}

void print_route(YamlWriter& yaml, Config const& config, Route const& route) {
    yaml.open_item();
    yaml.text("name", route.name);
    print_source(yaml, config, route);
    yaml.open("record");
    yaml.word("format", "json");
    yaml.word("on_tombstone", tombstone_word(route.requests().on_tombstone));
    yaml.close();
    yaml.open("destination");
    std::visit([&](auto const& settings) { print_settings(yaml, settings); }, route.destination);
    yaml.close();
    yaml.open("batch");
    yaml.number("batch_size", route.flow.batch.batch_size);
    if (route.destination_type() == "tecton") {
        yaml.flag("allow_larger_batches", route.flow.batch.batch_size > tecton_batch_size_max);
    }
    print_size(yaml, "bytes", route.flow.batch.bytes);
    yaml.milliseconds("linger_ms", route.flow.batch.linger);
    yaml.close();
    print_http(yaml, route);
    print_retry(yaml, route.flow.retry);
    print_rate_limit(yaml, route.flow.rate_limit);
    print_dead_letters(yaml, route);
    yaml.open("limits");
    print_size(yaml, "memory", route.flow.memory_bytes);
    yaml.close();
    yaml.close();
}

}  // namespace

std::string print_config(Config const& config) {
    YamlWriter yaml;
    print_shared(yaml, config);
    yaml.open("routes");
    for (auto const& route : config.routes)
        print_route(yaml, config, route);
    yaml.close();
    return yaml.take();
}

}  // namespace headrace::config
