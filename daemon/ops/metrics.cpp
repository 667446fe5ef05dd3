#include "ops/metrics.hpp"

#include "ops/metric_samples.hpp"
#include "ops/metrics_document.hpp"
#include "ops/reasons.hpp"

#include <prometheus/collectable.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace headrace::ops {
namespace {

using flow::FailureReason;
using flow::PartitionSnapshot;
using flow::RouteSnapshot;
using flow::RouteState;
using prometheus::MetricType;
using Labels = MetricLabels;
using Samples = MetricSamples;
using Counts = std::map<std::string, std::uint64_t>;

struct Process {
    std::span<RouteSnapshot const> routes;
    ProcessSample const& sample;
    ConfigStatus const& config;
    std::string_view version;
};

void add_by_topic(Samples& out, RouteSnapshot const& route, Counts const& counts) {
    for (auto const& [topic, count] : counts)
        out.add({route.name, topic}, count);
}

void add_changes(Samples& out, RouteSnapshot const& route) {
    for (std::size_t at = 0; at < flow::concurrency_change_count; ++at) {
        auto const reason = flow::to_string(static_cast<flow::ConcurrencyChange>(at));
        out.add({route.name, reason}, route.concurrency_changes[at]);
    }
}

void add_rate_limited(Samples& out, RouteSnapshot const& route) {
    for (std::size_t at = 0; at < flow::rate_limit_count; ++at) {
        auto const limit = flow::to_string(static_cast<flow::RateLimitKind>(at));
        out.add({route.name, limit}, route.rate_limited_seconds[at]);
    }
}

void add_by_reason(Samples& out, RouteSnapshot const& route, Counts const& counts,
                   std::span<std::string_view const> known) {
    Counts all = counts;
    for (auto const reason : known)
        all.try_emplace(std::string(reason), 0);
    for (auto const& [reason, count] : all)
        out.add({route.name, reason}, count);
}

template <class Value>
void add_by_partition(Samples& out, RouteSnapshot const& route, Value value) {
    for (auto const& partition : route.partitions) {
        out.add({route.name, partition.topic, std::to_string(partition.partition)},
                value(partition));
    }
}

void add_write_errors(Samples& out, RouteSnapshot const& route) {
    for (std::size_t at = 1; at < flow::failure_reason_count; ++at) {
        out.add(
            {route.name, route.destination_type, flow::to_string(static_cast<FailureReason>(at))},
            route.write_errors[at]);
    }
}

void add_reloads(Samples& out, ConfigStatus const& config) {
    out.add({"success"}, config.successes);
    out.add({"failure"}, config.failures);
}

bool is_last_reload_good(ConfigStatus const& config) {
    return !config.last_reload || config.last_reload->is_success;
}

double seconds_since_epoch(WallTime time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

void add_states(Samples& out, RouteSnapshot const& route) {
    for (std::size_t at = 0; at < flow::route_state_count; ++at) {
        auto const state = static_cast<RouteState>(at);
        out.add({route.name, flow::to_string(state)}, state == route.state ? 1.0 : 0.0);
    }
}

template <class Number>
void add_known(Samples& out, std::optional<Number> const& number) {
    if (number) out.add({}, *number);
}

template <class Field>
std::uint64_t sum(std::span<RouteSnapshot const> routes, Field field) {
    std::uint64_t total = 0;
    for (auto const& route : routes)
        total += route.*field;
    return total;
}

/// One metric: what it promises and where its samples come from.
template <class Picture>
struct Row {
    std::string_view name;
    MetricType type;
    Labels labels;
    std::string_view help;
    void (*fill)(Samples&, Picture const&);
};

using S = Samples;
using R = RouteSnapshot;
using P = PartitionSnapshot;
constexpr auto counter = MetricType::Counter;
constexpr auto gauge = MetricType::Gauge;
constexpr auto histogram = MetricType::Histogram;

constexpr Row<RouteSnapshot> route_rows[] = {
    {"headrace_records_read_total",
     counter,
     {"route", "topic"},
     "Records taken from Kafka.",
     [](S& s, R const& r) { add_by_topic(s, r, r.read_by_topic); }},
    {"headrace_records_written_total",
     counter,
     {"route", "destination"},
     "Records that the destination said yes to.",
     [](S& s, R const& r) {
         s.add({r.name, r.destination_type}, r.written);
     }},
    {"headrace_write_requests_total",
     counter,
     {"route", "destination"},
     "HTTP requests sent with records to be written, retries and the breaker's probes included.",
     [](S& s, R const& r) {
         s.add({r.name, r.destination_type}, r.write_requests);
     }},
    {"headrace_check_requests_total",
     counter,
     {"route", "destination"},
     "HTTP requests sent that write nothing: dry runs, describe and the like.",
     [](S& s, R const& r) {
         s.add({r.name, r.destination_type}, r.check_requests);
     }},
    {"headrace_write_errors_total",
     counter,
     {"route", "destination", "reason"},
     "Requests of headrace_write_requests_total that failed, by reason.",
     [](S& s, R const& r) { add_write_errors(s, r); }},
    {"headrace_records_retried_total",
     counter,
     {"route", "reason"},
     "Records sent again, by the reason of the failure before.",
     [](S& s, R const& r) { add_by_reason(s, r, r.retried_by_reason, failure_reasons()); }},
    {"headrace_records_dead_lettered_total",
     counter,
     {"route", "reason"},
     "Records that the dead-letter topic acknowledged, by reason.",
     [](S& s, R const& r) { add_by_reason(s, r, r.dead_lettered_by_reason, dead_letter_reasons); }},
    {"headrace_records_skipped_total",
     counter,
     {"route", "reason"},
     "Records settled without being written because a rule says so, by rule.",
     [](S& s, R const& r) { add_by_reason(s, r, r.skipped_by_reason, skip_reasons); }},
    {"headrace_records_returned_total",
     counter,
     {"route", "reason"},
     "Records given back unsettled, to be read again, by reason.",
     [](S& s, R const& r) { add_by_reason(s, r, r.returned_by_reason, return_reasons); }},
    {"headrace_records_expired_total",
     counter,
     {"route", "topic"},
     "Records lost to retention before they were read.",
     [](S& s, R const& r) { add_by_topic(s, r, r.expired_by_topic); }},
    {"headrace_records_in_flight",
     gauge,
     {"route"},
     "Open records: read, and neither settled nor returned.",
     [](S& s, R const& r) { s.add({r.name}, r.in_flight_records); }},
    {"headrace_bytes_in_flight",
     gauge,
     {"route"},
     "Bytes of open records.",
     [](S& s, R const& r) { s.add({r.name}, r.in_flight_bytes); }},
    {"headrace_records_unaccounted",
     gauge,
     {"route"},
     "Read - written - dead-lettered - skipped - returned - in flight, in one consistent snapshot; "
     "must be 0.",
     [](S& s, R const& r) { s.add({r.name}, r.unaccounted); }},
    {"headrace_write_duration_seconds",
     histogram,
     {"route", "destination"},
     "From the first byte of a write request to the last byte of its answer.",
     [](S& s, R const& r) {
         s.add({r.name, r.destination_type}, r.write_duration_seconds);
     }},
    {"headrace_end_to_end_latency_seconds",
     histogram,
     {"route", "destination"},
     "From a record's Kafka timestamp to the destination's yes.",
     [](S& s, R const& r) {
         s.add({r.name, r.destination_type}, r.end_to_end_seconds);
     }},
    {"headrace_batch_records",
     histogram,
     {"route", "destination"},
     "Records in one write request.",
     [](S& s, R const& r) {
         s.add({r.name, r.destination_type}, r.batch_records);
     }},
    {"headrace_concurrency_limit",
     gauge,
     {"route"},
     "Requests that may be in flight at once now.",
     [](S& s, R const& r) { s.add({r.name}, r.concurrency_limit); }},
    {"headrace_concurrency_latency_seconds",
     gauge,
     {"route"},
     "Mean time of a write request at that limit, from which it is judged; 0: not known, or the "
     "limit is fixed.",
     [](S& s, R const& r) { s.add({r.name}, r.concurrency_latency_secs); }},
    {"headrace_concurrency_changes_total",
     counter,
     {"route", "reason"},
     "Changes of the limit: more in flight brought more throughput, less brings as much, the "
     "destination throttled, many requests failed, or it came back after an outage.",
     [](S& s, R const& r) { add_changes(s, r); }},
    {"headrace_requests_in_flight",
     gauge,
     {"route"},
     "Requests in flight now.",
     [](S& s, R const& r) { s.add({r.name}, r.requests_in_flight); }},
    {"headrace_rate_limited_seconds_total",
     counter,
     {"route", "limit"},
     "Time in which something was ready to be sent and waited for that limit of the route's own "
     "rate_limit alone.",
     [](S& s, R const& r) { add_rate_limited(s, r); }},
    {"headrace_route_state",
     gauge,
     {"route", "state"},
     "1 for the present state, 0 for the others.",
     [](S& s, R const& r) { add_states(s, r); }},
    {"headrace_route_joined",
     gauge,
     {"route"},
     "1 while the route is a member of its consumer group, an empty assignment included; else 0.",
     [](S& s, R const& r) { s.add({r.name}, r.joined ? 1.0 : 0.0); }},
    {"headrace_kafka_trouble",
     gauge,
     {"route"},
     "1 while no broker can be reached or Kafka refuses the route; else 0.",
     [](S& s, R const& r) { s.add({r.name}, r.trouble.empty() ? 0.0 : 1.0); }},
    {"headrace_consumer_lag_records",
     gauge,
     {"route", "topic", "partition"},
     "Records between the committable offset and the partition's end.",
     [](S& s, R const& r) { add_by_partition(s, r, [](P const& p) { return p.lag_records; }); }},
    {"headrace_consumer_lag_seconds",
     gauge,
     {"route", "topic", "partition"},
     "Now - timestamp of the first open or unread record; 0 if there is none.",
     [](S& s, R const& r) { add_by_partition(s, r, [](P const& p) { return p.lag_secs; }); }},
    {"headrace_committed_offset",
     gauge,
     {"route", "topic", "partition"},
     "The offset that the group has committed: the next to read after a restart; -1 if there is "
     "none yet.",
     [](S& s, R const& r) { add_by_partition(s, r, [](P const& p) { return p.committed; }); }},
    {"headrace_blocking_offset",
     gauge,
     {"route", "topic", "partition"},
     "The offset that holds the commit back; -1 if there is none.",
     [](S& s, R const& r) {
         add_by_partition(s, r, [](P const& p) { return p.blocking ? p.blocking->offset : -1; });
     }},
    {"headrace_blocking_offset_age_seconds",
     gauge,
     {"route", "topic", "partition"},
     "How long ago the blocking offset was read; 0 if there is none.",
     [](S& s, R const& r) {
         add_by_partition(s, r, [](P const& p) { return p.blocking ? p.blocking->age_secs : 0.0; });
     }},
};

constexpr Row<Process> process_rows[] = {
    {"headrace_memory_bytes",
     gauge,
     {},
     "Accounted bytes of all routes: payloads, cost per record, encoded bodies, answers, prefetch.",
     [](S& s, Process const& p) { s.add({}, sum(p.routes, &R::memory_bytes)); }},
    {"headrace_memory_limit_bytes",
     gauge,
     {},
     "What headrace_memory_bytes stays under, but for one decompressed answer: all shares.",
     [](S& s, Process const& p) { s.add({}, sum(p.routes, &R::memory_limit_bytes)); }},
    {"headrace_build_info",
     gauge,
     {"version"},
     "Always 1; the version stands in the label.",
     [](S& s, Process const& p) { s.add({p.version}, 1.0); }},
    {"headrace_config_reloads_total",
     counter,
     {"result"},
     "Reloads of the configuration that have ended, by result; failure: that of before stays in "
     "use.",
     [](S& s, Process const& p) { add_reloads(s, p.config); }},
    {"headrace_config_last_reload_successful",
     gauge,
     {},
     "1 if the last reload succeeded or there was none, 0 if it failed.",
     [](S& s, Process const& p) { s.add({}, is_last_reload_good(p.config) ? 1.0 : 0.0); }},
    {"headrace_config_last_reload_success_timestamp_seconds",
     gauge,
     {},
     "When the running configuration was loaded, seconds since the Unix epoch.",
     [](S& s, Process const& p) { s.add({}, seconds_since_epoch(p.config.loaded_at)); }},
    {"headrace_config_restart_needed",
     gauge,
     {},
     "1 while the file says something that takes effect at the next start only; /status names the "
     "keys.",
     [](S& s, Process const& p) { s.add({}, p.config.at_restart.empty() ? 0.0 : 1.0); }},
    {"process_cpu_seconds_total",
     counter,
     {},
     "User and system CPU time.",
     [](S& s, Process const& p) { add_known(s, p.sample.cpu_seconds); }},
    {"process_resident_memory_bytes",
     gauge,
     {},
     "Memory in RAM (RSS).",
     [](S& s, Process const& p) { add_known(s, p.sample.resident_bytes); }},
    {"process_virtual_memory_bytes",
     gauge,
     {},
     "Address space.",
     [](S& s, Process const& p) { add_known(s, p.sample.virtual_bytes); }},
    {"process_start_time_seconds",
     gauge,
     {},
     "When the process started, seconds since the Unix epoch.",
     [](S& s, Process const& p) { add_known(s, p.sample.start_time_seconds); }},
    {"process_open_fds",
     gauge,
     {},
     "Open file descriptors.",
     [](S& s, Process const& p) { add_known(s, p.sample.open_fds); }},
    {"process_max_fds",
     gauge,
     {},
     "Limit of open file descriptors; absent if there is none.",
     [](S& s, Process const& p) { add_known(s, p.sample.max_fds); }},
    {"process_threads",
     gauge,
     {},
     "Threads.",
     [](S& s, Process const& p) { add_known(s, p.sample.threads); }},
};

/// One scrape: the families of the pictures that it was made with, in the tables' order.
class Scrape final : public prometheus::Collectable {
  public:
    explicit Scrape(Process const& process) : process_(process) {}

    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
        std::vector<prometheus::MetricFamily> families;
        for (auto const& row : route_rows) {
            families.push_back(empty_family(row));
            Samples samples(families.back(), row.labels);
            for (auto const& route : process_.routes)
                row.fill(samples, route);
        }
        for (auto const& row : process_rows) {
            families.push_back(empty_family(row));
            Samples samples(families.back(), row.labels);
            row.fill(samples, process_);
        }
        // A name without a sample would only puzzle.
        std::erase_if(families, [](auto const& family) { return family.metric.empty(); });
        return families;
    }

  private:
    template <class Row>
    static prometheus::MetricFamily empty_family(Row const& row) {
        return {std::string(row.name), std::string(row.help), row.type, {}};
    }

    Process const& process_;
};

std::string_view type_name(MetricType type) {
    switch (type) {
        case MetricType::Counter:
            return "counter";
        case MetricType::Gauge:
            return "gauge";
        default:
            return "histogram";
    }
}

template <class Rows>
std::vector<MetricDescription> describe(Rows const& rows) {
    std::vector<MetricDescription> out;
    for (auto const& row : rows) {
        std::vector<std::string_view> labels(row.labels.begin(), row.labels.end());
        std::erase(labels, std::string_view());
        out.push_back({row.name, type_name(row.type), std::move(labels), row.help});
    }
    return out;
}

}  // namespace

std::string render_metrics(std::span<RouteSnapshot const> routes, ProcessSample const& sample,
                           std::string_view version, ConfigStatus const& config) {
    Process const process{routes, sample, config, version};
    std::ostringstream text;
    prometheus::TextSerializer().Serialize(text, Scrape(process).Collect());
    return std::move(text).str();
}

std::vector<MetricDescription> route_metrics() {
    return describe(route_rows);
}

std::vector<MetricDescription> process_metrics() {
    return describe(process_rows);
}

}  // namespace headrace::ops
