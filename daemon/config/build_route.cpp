#include "base/timestamp.hpp"
#include "config/build.hpp"
#include "config/kafka_settings.hpp"
#include "kafka/topic_pattern.hpp"

#include <algorithm>

namespace headrace::config {
namespace {

constexpr std::size_t route_name_bytes_max = 64;
/// What Tecton advises; more only when the configuration says so twice.
constexpr std::size_t tecton_batch_size_max = 10;

bool is_name_byte(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

/// The name is a metric label, a log field and part of a group: it needs no quotes anywhere.
void check_route_name(SettingsLookup const& lookup, std::string const& name) {
    if (!lookup.find("name")) return;
    bool const is_good =
        name.size() <= route_name_bytes_max && std::all_of(name.begin(), name.end(), is_name_byte);
    if (is_good) return;
    lookup.report(
        "name", "must be 1 to 64 letters, digits, '.', '_' or '-', but is " + lookup.shown("name"));
}

void build_start(SettingsLookup const& lookup, kafka::SourceSettings& source) {
    auto const start = lookup.text("source.start");
    if (start == "earliest" || start == "latest") {
        source.start = start == "latest" ? kafka::StartKind::latest : kafka::StartKind::earliest;
        return;
    }
    auto const time = parse_timestamp(start);
    if (!time) {
        bool const is_literal = lookup.get("source.start").text.parts.empty();
        auto const advice = is_literal ? did_you_mean(start, {"earliest", "latest"}) : "";
        lookup.report(
            "source.start",
            "must be earliest, latest or an RFC 3339 time such as 2026-01-31T09:00:00Z, but is " +
                lookup.shown("source.start") + advice);
        return;
    }
    source.start = kafka::StartKind::time;
    source.start_time = *time;
}

kafka::SourceSettings build_source(BuildContext const& context, SettingsLookup const& lookup,
                                   Route const& route, Config const& config) {
    kafka::SourceSettings source;
    source.topics = read_topics(lookup, "source.topics");
    source.bootstrap_servers = lookup.is_set("source.bootstrap_servers")
                                   ? read_bootstrap_servers(lookup, "source.bootstrap_servers")
                                   : config.bootstrap_servers;
    bool const is_given = context.values.is_set("kafka.bootstrap_servers") ||
                          lookup.is_set("source.bootstrap_servers");
    if (!is_given) {
        context.diagnostics.add(context.values.place("kafka.bootstrap_servers"),
                                "kafka.bootstrap_servers",
                                "is required by " + lookup.path("source") +
                                    ": brokers as HOST:PORT, separated by commas");
    }
    source.properties = read_properties(lookup, "source.properties");
    source.properties.insert(config.properties.begin(), config.properties.end());
    source.files_stamp = stamp_of_files(source.properties, context.environment);
    source.group =
        lookup.is_set("source.group") ? lookup.text("source.group") : "headrace-" + route.name;
    source.instance_id = lookup.text("source.instance_id");
    build_start(lookup, source);
    return source;
}

std::optional<kafka::DeadLetterSettings> build_dead_letters(SettingsLookup const& lookup,
                                                            Route const& route) {
    auto const* const value = lookup.find("dead_letters.topic");
    if (value == nullptr) return std::nullopt;
    auto const& topic = value->text.value;
    if (topic.starts_with('^') || !kafka::check_topics({topic})) {
        lookup.report("dead_letters.topic",
                      "must be a topic's name, 1 to 249 letters, digits, '.', '_' or '-', but is " +
                          shown(value->text));
        return std::nullopt;
    }
    if (!route.source.topics.empty() && !kafka::matching(route.source.topics, {topic}).empty()) {
        lookup.report(
            "dead_letters.topic",
            "is one of the route's own source.topics: its dead letters would be read again");
    }
    kafka::DeadLetterSettings settings;
    settings.bootstrap_servers = route.source.bootstrap_servers;
    settings.properties = route.source.properties;
    settings.topic = topic;
    settings.route = route.name;
    settings.destination_type = route.destination_type();
    return settings;
}

Batch build_batch(SettingsLookup const& lookup, Route const& route) {
    Batch const batch{lookup.count("batch.batch_size"), lookup.count("batch.bytes"),
                      lookup.milliseconds("batch.linger_ms")};
    bool const is_tecton = route.destination_type() == "tecton";
    if (is_tecton && lookup.find("batch.batch_size") != nullptr &&
        batch.batch_size > tecton_batch_size_max && !lookup.flag("batch.allow_larger_batches")) {
        lookup.report("batch.batch_size", "is " + std::to_string(batch.batch_size) +
                                              ", above the 10 that Tecton advises: set "
                                              "batch.allow_larger_batches: true if that is meant");
    }
    return batch;
}

Retry build_retry(SettingsLookup const& lookup) {
    Retry retry;
    retry.max_retries = static_cast<unsigned>(lookup.count("retry.max_retries"));
    retry.initial = lookup.milliseconds("retry.initial_ms");
    retry.max = lookup.milliseconds("retry.max_ms");
    retry.then = lookup.text("retry.then") == "dead_letter" ? AfterRetries::dead_letter
                                                            : AfterRetries::block;
    retry.probe = lookup.milliseconds("retry.probe_ms");
    retry.blocked_probe = lookup.milliseconds("retry.blocked_probe_ms");
    retry.suspect_after = static_cast<unsigned>(lookup.count("retry.suspect_after"));
    retry.suspect_time = lookup.seconds("retry.suspect_secs");
    retry.budget_percent = static_cast<std::uint32_t>(lookup.count("retry.budget_percent"));
    if (retry.initial > retry.max) {
        auto const key = lookup.is_set("retry.initial_ms") ? "retry.initial_ms" : "retry.max_ms";
        lookup.report(key, "retry.initial_ms (" + std::to_string(lookup.count("retry.initial_ms")) +
                               ") must not be above retry.max_ms (" +
                               std::to_string(lookup.count("retry.max_ms")) + ")");
    }
    return retry;
}

Concurrency build_concurrency(SettingsLookup const& lookup) {
    auto const fixed = lookup.get("http.concurrency").number;
    auto const most = lookup.count("http.concurrency_max");
    if (!fixed) return {true, static_cast<std::uint32_t>(most)};
    if (lookup.find("http.concurrency_max") != nullptr && *fixed > static_cast<double>(most)) {
        lookup.report("http.concurrency", "is above http.concurrency_max (" + std::to_string(most) +
                                              "); a fixed number needs no concurrency_max");
    }
    return {false, static_cast<std::uint32_t>(*fixed)};
}

RateLimit build_rate_limit(SettingsLookup const& lookup) {
    auto const rate = [&](std::string_view key) -> std::uint64_t {
        return lookup.is_set(key) ? lookup.count(key) : 0;
    };
    return {rate("rate_limit.requests_per_sec"), rate("rate_limit.records_per_sec"),
            rate("rate_limit.bytes_per_sec")};
}

Order build_order(std::string_view text) noexcept {
    if (text == "none") return Order::none;
    return text == "partition" ? Order::partition : Order::key;
}

/// A rule that sends records to the dead letters needs somewhere to send them.
void check_dead_letter_rules(SettingsLookup const& lookup) {
    if (lookup.is_set("dead_letters.topic")) return;
    for (auto const* const key : {"retry.then", "record.on_tombstone"}) {
        if (lookup.text(key) == "dead_letter")
            lookup.report(key, "is dead_letter, which needs dead_letters.topic");
    }
    for (auto const* const key :
         {"destination.stream_source_name", "destination.collection", "destination.partition"}) {
        auto const* const value = lookup.find(key);
        if (value != nullptr && value->rule.on_unknown == sinks::OnUnknown::dead_letter) {
            lookup.report(std::string(key) + ".on_unknown", value->at,
                          "is dead_letter, which needs dead_letters.topic");
        }
    }
}

Scope destination_scope(SettingsLookup const& lookup) {
    auto const type = lookup.text("destination.type");
    if (type.empty()) return Scope::any;
    return type == "milvus" ? Scope::milvus : Scope::tecton;
}

}  // namespace

Route build_route(BuildContext const& context, std::size_t index, Config const& config) {
    auto const scope = destination_scope({context.values, context.diagnostics, index, Scope::any});
    SettingsLookup const lookup(context.values, context.diagnostics, index, scope);
    lookup.check_presence();
    Route route;
    route.name = lookup.text("name");
    check_route_name(lookup, route.name);
    route.source = build_source(context, lookup, route, config);
    route.flow.concurrency = build_concurrency(lookup);
    route.destination = build_destination(context, lookup, route.source.topics, route.file_secrets);
    route.dead_letters = build_dead_letters(lookup, route);
    check_dead_letter_rules(lookup);
    route.flow.order = build_order(lookup.text("source.order"));
    route.flow.commit_interval = lookup.milliseconds("source.commit_interval_ms");
    route.flow.revoke_drain = lookup.seconds("source.revoke_drain_secs");
    route.flow.batch = build_batch(lookup, route);
    route.flow.retry = build_retry(lookup);
    route.flow.rate_limit = build_rate_limit(lookup);
    route.flow.refusals_in_a_row_max =
        static_cast<std::uint32_t>(lookup.count("dead_letters.in_a_row_max"));
    route.source.message_bytes_max = route.flow.batch.bytes;
    std::visit(
        [&](auto& settings) {
            settings.requests.body_bytes_max = route.flow.batch.bytes;
            settings.requests.client.connections_max = route.flow.concurrency.max;
        },
        route.destination);
    return route;
}

}  // namespace headrace::config
