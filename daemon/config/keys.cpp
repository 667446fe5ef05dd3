#include "config/keys.hpp"

#include "base/size.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace headrace::config {
namespace {

constexpr double kibibyte = 1024;
constexpr double mebibyte = 1024 * kibibyte;
constexpr double gibibyte = 1024 * mebibyte;
constexpr double hour_secs = 3600;
constexpr double hour_ms = 3600 * 1000;

// clang-format off
constexpr Key keys[] = {
    {.path = "kafka.bootstrap_servers", .type = Type::text,
     .meaning = "Kafka's brokers as HOST:PORT, separated by commas. Required, here or in each route's source."},
    {.path = "kafka.properties", .type = Type::table,
     .meaning = "Any librdkafka setting, passed through to consumers and producers."},

    {.path = "admin.listen", .type = Type::text, .preset = "127.0.0.1:9464",
     .meaning = "HOST:PORT of the read-only HTTP server with metrics, health and status; port 0 takes a free one."},
    {.path = "log.level", .type = Type::choice, .preset = "info", .choices = "debug|info|warn|error",
     .meaning = "The least important log lines that are written."},
    {.path = "log.format", .type = Type::choice, .preset = "text", .choices = "text|json",
     .meaning = "The form of log lines on stderr."},

    {.path = "limits.memory", .type = Type::size, .preset = "256MiB", .min = 2 * mebibyte, .max = 1024 * gibibyte,
     .meaning = "Memory for records, requests, answers and prefetch; divided equally among the routes that set no limits.memory of their own."},
    {.path = "limits.drain_secs", .type = Type::seconds, .preset = "25", .min = 0.1, .max = hour_secs,
     .meaning = "How long the daemon may take to stop: requests in flight end and the last offsets are committed."},
    {.path = "limits.workers", .type = Type::auto_or_count, .preset = "auto", .min = 1, .max = 64,
     .meaning = "Threads that send requests; auto is the CPU quota of the cgroup rounded up, at most 4."},
    {.path = "limits.uncommitted_records_max", .type = Type::integer, .preset = "100000", .min = 1, .max = 100'000'000,
     .meaning = "How far reading runs ahead of a partition's first open offset; then that partition waits."},

    {.path = "routes[].name", .type = Type::text, .is_required = true,
     .meaning = "The route's name in metrics, logs and the default group: letters, digits, '.', '_' and '-', at most 64."},
    {.path = "routes[].source.topics", .type = Type::names, .is_required = true,
     .meaning = "Topic names, or one regular expression (POSIX extended) that begins with ^."},
    {.path = "routes[].source.group", .type = Type::text, .preset = "headrace-<route>",
     .meaning = "The Kafka consumer group."},
    {.path = "routes[].source.bootstrap_servers", .type = Type::text,
     .meaning = "This route's brokers instead of kafka.bootstrap_servers."},
    {.path = "routes[].source.properties", .type = Type::table,
     .meaning = "librdkafka settings of this route, laid over kafka.properties key by key."},
    {.path = "routes[].source.start", .type = Type::text, .preset = "earliest",
     .meaning = "Where a topic begins that the group has never committed: earliest, latest or an RFC 3339 time."},
    {.path = "routes[].source.order", .type = Type::choice, .preset = "key", .choices = "key|partition|none",
     .meaning = "Records that are never in two requests in flight at once: those of one key, those of one partition, or none."},
    {.path = "routes[].source.instance_id", .type = Type::text,
     .meaning = "Static group membership (group.instance.id); every replica needs its own, such as ${HOSTNAME}."},
    {.path = "routes[].source.commit_interval_ms", .type = Type::milliseconds, .preset = "100", .min = 10, .max = hour_ms,
     .meaning = "How often settled offsets are committed."},
    {.path = "routes[].source.revoke_drain_secs", .type = Type::seconds, .preset = "5", .min = 0, .max = hour_secs,
     .meaning = "How long a revoked partition may take to settle what was sent."},
    {.path = "routes[].record.format", .type = Type::choice, .preset = "json", .choices = "json",
     .meaning = "How record values are written: one JSON object each."},
    {.path = "routes[].record.on_tombstone", .type = Type::choice, .preset = "skip", .choices = "skip|delete|dead_letter",
     .meaning = "What a null value does: it is skipped, deletes the row of the record's key (Milvus only), or becomes a dead letter."},

    {.path = "routes[].destination.type", .type = Type::choice, .choices = "tecton|milvus", .is_required = true,
     .meaning = "What the records are written to."},
    {.path = "routes[].destination.url", .type = Type::text,
     .meaning = "Where requests go: http:// or https://, host, port and path. Required for Milvus; for Tecton this or instance."},
    {.path = "routes[].destination.instance", .type = Type::text, .scope = Scope::tecton,
     .meaning = "The Tecton instance, such as acme.tecton.ai, for https://preview.<instance>/ingest."},
    {.path = "routes[].destination.api_key", .type = Type::secret, .scope = Scope::tecton, .is_required = true,
     .meaning = "The service account's API key."},
    {.path = "routes[].destination.workspace_name", .type = Type::text, .scope = Scope::tecton, .is_required = true,
     .meaning = "The Tecton workspace."},
    {.path = "routes[].destination.stream_source_name", .type = Type::name_rule, .scope = Scope::tecton, .is_required = true,
     .meaning = "The stream source: a name, or where in the record it stands."},
    {.path = "routes[].destination.dry_run", .type = Type::boolean, .preset = "false", .scope = Scope::tecton,
     .meaning = "Lets Tecton validate the records without writing them."},
    {.path = "routes[].destination.token", .type = Type::secret, .scope = Scope::milvus,
     .meaning = "USER:PASSWORD or an API key; leave it out for a server without authentication."},
    {.path = "routes[].destination.database", .type = Type::text, .preset = "default", .scope = Scope::milvus,
     .meaning = "The Milvus database."},
    {.path = "routes[].destination.collection", .type = Type::name_rule, .scope = Scope::milvus, .is_required = true,
     .meaning = "The collection: a name, or where in the record it stands."},
    {.path = "routes[].destination.partition", .type = Type::name_rule, .scope = Scope::milvus,
     .meaning = "The collection's partition, in the same forms; off unless set."},
    {.path = "routes[].destination.operation", .type = Type::choice, .preset = "upsert", .choices = "upsert|insert", .scope = Scope::milvus,
     .meaning = "How rows are written."},
    {.path = "routes[].destination.primary_key", .type = Type::text, .scope = Scope::milvus,
     .meaning = "The primary key's field; by default what the collection's schema says."},

    {.path = "routes[].batch.batch_size", .type = Type::integer, .preset = "10", .milvus_preset = "1000", .min = 1, .max = 100'000,
     .meaning = "Records in a request; for Tecton of each stream source, at most 10 unless allow_larger_batches is true."},
    {.path = "routes[].batch.allow_larger_batches", .type = Type::boolean, .preset = "false", .scope = Scope::tecton,
     .meaning = "Allows a batch_size above the 10 that Tecton advises."},
    {.path = "routes[].batch.bytes", .type = Type::size, .preset = "1MiB", .milvus_preset = "2MiB", .min = kibibyte, .max = 256 * mebibyte,
     .meaning = "The largest request body; a record that alone is larger becomes a dead letter."},
    {.path = "routes[].batch.linger_ms", .type = Type::milliseconds, .preset = "50", .milvus_preset = "100", .min = 0, .max = hour_ms,
     .meaning = "How long a batch waits for more records."},

    {.path = "routes[].http.timeout_secs", .type = Type::seconds, .preset = "30.0", .min = 0.01, .max = hour_secs,
     .meaning = "From the first byte sent to the last byte of the answer."},
    {.path = "routes[].http.connect_timeout_secs", .type = Type::seconds, .preset = "5", .min = 0.01, .max = hour_secs,
     .meaning = "Name look-up, TCP, proxy and TLS together."},
    {.path = "routes[].http.concurrency", .type = Type::auto_or_count, .preset = "auto", .min = 1, .max = 4096,
     .meaning = "Requests in flight; auto follows what the destination bears, a number fixes it."},
    {.path = "routes[].http.concurrency_max", .type = Type::integer, .preset = "256", .milvus_preset = "8", .min = 1, .max = 4096,
     .meaning = "The most requests in flight when concurrency is auto."},
    {.path = "routes[].http.idle_secs", .type = Type::seconds, .preset = "30", .min = 0.1, .max = 24 * hour_secs,
     .meaning = "An idle connection older than this is closed."},
    {.path = "routes[].http.response_bytes_max", .type = Type::size, .preset = "8MiB", .min = kibibyte, .max = 256 * mebibyte,
     .meaning = "The largest answer, header and body together."},
    {.path = "routes[].http.tls.ca", .type = Type::text,
     .meaning = "PEM file of trusted authorities instead of the system's."},
    {.path = "routes[].http.tls.certificate", .type = Type::text,
     .meaning = "PEM file of the client certificate and its chain."},
    {.path = "routes[].http.tls.key", .type = Type::text,
     .meaning = "PEM file of the client certificate's key, when it is not in the certificate's file."},
    {.path = "routes[].http.tls.verify", .type = Type::boolean, .preset = "true",
     .meaning = "Checks the server's certificate and host name; false is for tests."},
    {.path = "routes[].http.headers", .type = Type::table,
     .meaning = "Headers sent with every request."},
    {.path = "routes[].http.proxy", .type = Type::secret,
     .meaning = "An HTTP proxy, http://[USER:PASSWORD@]HOST:PORT; https goes through it with CONNECT."},

    {.path = "routes[].retry.max_retries", .type = Type::integer, .preset = "3", .min = 0, .max = 1'000'000,
     .meaning = "Quick retries that a batch gets."},
    {.path = "routes[].retry.initial_ms", .type = Type::milliseconds, .preset = "200", .min = 1, .max = hour_ms,
     .meaning = "The longest wait before the first retry; it doubles with each one, with full jitter."},
    {.path = "routes[].retry.max_ms", .type = Type::milliseconds, .preset = "30000", .min = 1, .max = hour_ms,
     .meaning = "The longest wait before any retry."},
    {.path = "routes[].retry.then", .type = Type::choice, .preset = "block", .choices = "block|dead_letter",
     .meaning = "After the quick retries: keep the batch and lose nothing, or move its records to the dead-letter topic."},
    {.path = "routes[].retry.probe_ms", .type = Type::milliseconds, .preset = "1000", .min = 10, .max = hour_ms,
     .meaning = "Between probes of a broken destination."},
    {.path = "routes[].retry.blocked_probe_ms", .type = Type::milliseconds, .preset = "5000", .min = 10, .max = hour_ms,
     .meaning = "Between probes of a destination that refuses us or lacks the target, and between tries of an unusable dead-letter topic."},
    {.path = "routes[].dead_letters.topic", .type = Type::text,
     .meaning = "The Kafka topic for records that cannot be written; without it the route stops at the first one."},
    {.path = "routes[].limits.memory", .type = Type::size, .min = 2 * mebibyte, .max = 1024 * gibibyte,
     .meaning = "This route's share of limits.memory; by default an equal part of what is left."},
};
// clang-format on

std::string number_text(double value) {
    if (value == std::floor(value)) return std::to_string(static_cast<long long>(value));
    auto text = std::to_string(value);
    while (text.ends_with('0'))
        text.pop_back();
    return text;
}

std::string range(Key const& key) {
    return " from " + number_text(key.min) + " to " + number_text(key.max);
}

std::string size_range(Key const& key) {
    return " from " + format_size(static_cast<std::uint64_t>(key.min)) + " to " +
           format_size(static_cast<std::uint64_t>(key.max));
}

}  // namespace

std::span<Key const> all_keys() noexcept {
    return keys;
}

Key const* find_key(std::string_view path) noexcept {
    auto const* const found = std::find_if(std::begin(keys), std::end(keys),
                                           [&](Key const& key) { return key.path == path; });
    return found == std::end(keys) ? nullptr : found;
}

bool is_section(std::string_view path) noexcept {
    if (path.empty()) return true;
    return std::any_of(std::begin(keys), std::end(keys), [&](Key const& key) {
        return key.path.size() > path.size() && key.path.starts_with(path) &&
               key.path[path.size()] == '.';
    });
}

std::vector<std::string_view> names_in(std::string_view section) {
    std::vector<std::string_view> names;
    for (auto const& key : keys) {
        auto rest = key.path;
        if (!section.empty()) {
            if (!rest.starts_with(section) || rest.size() <= section.size() ||
                rest[section.size()] != '.')
                continue;
            rest.remove_prefix(section.size() + 1);
        }
        auto const name = rest.substr(0, rest.find_first_of(".["));
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return names;
}

std::vector<std::string_view> choices_of(Key const& key) {
    std::vector<std::string_view> choices;
    auto rest = key.choices;
    while (!rest.empty()) {
        auto const end = std::min(rest.find('|'), rest.size());
        choices.push_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return choices;
}

std::string allowed(Key const& key) {
    switch (key.type) {
        case Type::text:
            return "text";
        case Type::secret:
            return "text";
        case Type::boolean:
            return "true or false";
        case Type::integer:
            return "a whole number" + range(key);
        case Type::milliseconds:
            return "a whole number of milliseconds" + range(key);
        case Type::seconds:
            return "a number of seconds" + range(key);
        case Type::size:
            return "a size" + size_range(key);
        case Type::auto_or_count:
            return "auto or a whole number" + range(key);
        case Type::names:
            return "a list of names";
        case Type::table:
            return "a mapping of names to values";
        case Type::name_rule:
            return "a name, or a mapping with topic, header or field";
        case Type::choice:
            break;
    }
    std::string text;
    auto const choices = choices_of(key);
    for (auto const choice : choices) {
        if (!text.empty()) text += choice == choices.back() ? " or " : ", ";
        text += choice;
    }
    return text;
}

}  // namespace headrace::config
