#include "ops/status_json.hpp"

#include "base/json.hpp"
#include "base/timestamp.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace headrace::ops {
namespace {

using flow::BlockingOffset;
using flow::PartitionSnapshot;
using flow::RouteSnapshot;
using flow::RouteState;

/// Appends JSON with the commas where they belong.
class Writer {
  public:
    void open(char bracket) {
        begin_value();
        out_ += bracket;
        needs_comma_ = false;
    }
    void close(char bracket) {
        out_ += bracket;
        needs_comma_ = true;
    }
    Writer& key(std::string_view name) {
        begin_value();
        append_json_string(out_, name);
        out_ += ':';
        needs_comma_ = false;
        return *this;
    }
    void value(std::string_view text) {
        begin_value();
        append_json_string(out_, text);
    }
    void value(bool yes) {
        begin_value();
        out_ += yes ? "true" : "false";
    }
    template <std::integral Number>
    requires(!std::same_as<Number, bool>) void value(Number number) { append_number(number); }
    void value(double number) {
        if (std::isfinite(number)) {
            append_number(number);
        } else {
            null();
        }
    }
    void null() {
        begin_value();
        out_ += "null";
    }
    [[nodiscard]] std::string finish() && { return std::move(out_); }

  private:
    void begin_value() {
        if (needs_comma_) out_ += ',';
        needs_comma_ = true;
    }
    template <class Number>
    void append_number(Number number) {
        begin_value();
        std::array<char, 32> buffer{};
        auto const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
        out_.append(buffer.data(), end);
    }

    std::string out_;
    bool needs_comma_ = false;
};

void write_offset(Writer& out, std::string_view name, std::int64_t offset) {
    out.key(name);
    if (offset < 0) {
        out.null();
    } else {
        out.value(offset);
    }
}

void write_blocking(Writer& out, std::optional<BlockingOffset> const& blocking) {
    out.key("blocking");
    if (!blocking) {
        out.null();
        return;
    }
    out.open('{');
    out.key("offset").value(blocking->offset);
    out.key("age_secs").value(blocking->age_secs);
    out.key("attempts").value(blocking->attempts);
    out.key("error").value(blocking->error);
    out.close('}');
}

void write_partition(Writer& out, PartitionSnapshot const& partition) {
    out.open('{');
    out.key("topic").value(partition.topic);
    out.key("partition").value(partition.partition);
    out.key("read").value(partition.read);
    write_offset(out, "committed", partition.committed);
    write_offset(out, "end", partition.end);
    out.key("lag_records").value(partition.lag_records);
    out.key("lag_secs").value(partition.lag_secs);
    write_blocking(out, partition.blocking);
    out.close('}');
}

using Counts = std::map<std::string, std::uint64_t>;

std::uint64_t total(Counts const& counts) {
    std::uint64_t sum = 0;
    for (auto const& [name, count] : counts)
        sum += count;
    return sum;
}

void write_counts(Writer& out, std::string_view name, Counts const& counts) {
    out.key(name).open('{');
    for (auto const& [reason, count] : counts)
        out.key(reason).value(count);
    out.close('}');
}

void write_records(Writer& out, RouteSnapshot const& route) {
    out.key("records").open('{');
    out.key("read").value(route.read);
    out.key("written").value(route.written);
    out.key("dead_lettered").value(total(route.dead_lettered_by_reason));
    out.key("skipped").value(total(route.skipped_by_reason));
    out.key("returned").value(total(route.returned_by_reason));
    out.key("retried").value(total(route.retried_by_reason));
    out.key("expired").value(total(route.expired_by_topic));
    out.key("in_flight").value(route.in_flight_records);
    out.key("in_flight_bytes").value(route.in_flight_bytes);
    out.key("unaccounted").value(route.unaccounted);
    out.close('}');
}

void write_requests(Writer& out, RouteSnapshot const& route) {
    out.key("requests").open('{');
    out.key("write").value(route.write_requests);
    out.key("check").value(route.check_requests);
    out.key("errors").open('{');
    // The first reason is "none".
    for (std::size_t at = 1; at < flow::failure_reason_count; ++at) {
        out.key(flow::to_string(static_cast<flow::FailureReason>(at)));
        out.value(route.write_errors[at]);
    }
    out.close('}');
    out.close('}');
}

void write_route(Writer& out, RouteSnapshot const& route) {
    out.open('{');
    out.key("name").value(route.name);
    out.key("destination").value(route.destination_type);
    out.key("state").value(flow::to_string(route.state));
    out.key("since").value(format_timestamp(route.since));
    out.key("reason").value(route.reason);
    out.key("joined").value(route.joined);
    out.key("trouble").value(route.trouble);
    out.key("partitions").open('[');
    for (auto const& partition : route.partitions)
        write_partition(out, partition);
    out.close(']');
    out.key("concurrency").open('{');
    out.key("limit").value(route.concurrency_limit);
    out.key("in_flight").value(route.requests_in_flight);
    out.key("latency_secs").value(route.concurrency_latency_secs);
    out.key("changes").open('{');
    for (std::size_t at = 0; at < flow::concurrency_change_count; ++at) {
        out.key(flow::to_string(static_cast<flow::ConcurrencyChange>(at)));
        out.value(route.concurrency_changes[at]);
    }
    out.close('}');
    out.close('}');
    out.key("rate_limited_secs").open('{');
    for (std::size_t at = 0; at < flow::rate_limit_count; ++at) {
        out.key(flow::to_string(static_cast<flow::RateLimitKind>(at)));
        out.value(route.rate_limited_seconds[at]);
    }
    out.close('}');
    out.key("rates").open('{');
    out.key("read").value(route.read_per_sec);
    out.key("written").value(route.written_per_sec);
    out.close('}');
    write_records(out, route);
    write_requests(out, route);
    write_counts(out, "dead_letters", route.dead_lettered_by_reason);
    out.key("memory").open('{');
    out.key("bytes").value(route.memory_bytes);
    out.key("limit_bytes").value(route.memory_limit_bytes);
    out.close('}');
    out.close('}');
}

void write_reload(Writer& out, ConfigStatus::Reload const& reload) {
    out.open('{');
    out.key("at").value(format_timestamp(reload.at));
    out.key("result").value(std::string_view(reload.is_success ? "success" : "failure"));
    out.key("error").value(reload.error);
    out.close('}');
}

void write_config(Writer& out, ConfigStatus const& config) {
    out.key("config").open('{');
    out.key("loaded_at").value(format_timestamp(config.loaded_at));
    out.key("reloading").value(config.is_reloading);
    out.key("last_reload");
    if (config.last_reload) {
        write_reload(out, *config.last_reload);
    } else {
        out.null();
    }
    out.key("at_restart").open('[');
    for (auto const& key : config.at_restart)
        out.value(std::string_view(key));
    out.close(']');
    out.close('}');
}

bool counts_as_ready(RouteState state) {
    switch (state) {
        case RouteState::flowing:
        case RouteState::throttled:
        case RouteState::paused:
            return true;
        case RouteState::broken:
        case RouteState::blocked:
        case RouteState::suspect:
        case RouteState::stopped:
            return false;
    }
    return false;
}

/// `head` with `detail` after a colon, if there is one.
std::string explain(std::string head, std::string_view detail) {
    if (!detail.empty()) head.append(": ").append(detail);
    return head;
}

}  // namespace

std::string status_json(std::span<RouteSnapshot const> routes, std::string_view version,
                        double uptime_secs, ConfigStatus const& config) {
    Writer out;
    out.open('{');
    out.key("version").value(version);
    out.key("uptime_secs").value(uptime_secs);
    write_config(out, config);
    out.key("routes").open('[');
    for (auto const& route : routes)
        write_route(out, route);
    out.close(']');
    out.close('}');
    return std::move(out).finish();
}

std::vector<std::string> unready_reasons(std::span<RouteSnapshot const> routes) {
    if (routes.empty()) return {"no route has started yet"};
    std::vector<std::string> reasons;
    for (auto const& route : routes) {
        if (!route.joined && !route.is_drained) {
            reasons.push_back(explain(route.name + ": has not joined its group", route.trouble));
        }
        if (!counts_as_ready(route.state)) {
            std::string const state(flow::to_string(route.state));
            reasons.push_back(explain(route.name + ": " + state, route.reason));
        }
    }
    return reasons;
}

std::string json_list(std::span<std::string const> texts) {
    Writer out;
    out.open('[');
    for (auto const& text : texts)
        out.value(std::string_view(text));
    out.close(']');
    return std::move(out).finish();
}

}  // namespace headrace::ops
