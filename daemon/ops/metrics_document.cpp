#include "ops/metrics_document.hpp"

#include "ops/reasons.hpp"

#include <span>

namespace headrace::ops {
namespace {

using Names = std::span<std::string_view const>;

/// Appends the names with commas between them, each between two `quote`s.
void append_names(std::string& out, Names names, std::string_view quote) {
    std::string_view separator;
    for (auto const name : names) {
        out.append(separator).append(quote).append(name).append(quote);
        separator = ", ";
    }
}

void append_table(std::string& out, std::vector<MetricDescription> const& rows) {
    out += "| name | type | labels | meaning |\n| --- | --- | --- | --- |\n";
    for (auto const& row : rows) {
        out.append("| `").append(row.name).append("` | ").append(row.type).append(" | ");
        append_names(out, row.labels, "");
        out.append(" | ").append(row.help).append(" |\n");
    }
}

void append_values(std::string& out, std::string_view of, Names names) {
    out.append("- ").append(of).append(": ");
    append_names(out, names, "`");
    out += ".\n";
}

}  // namespace

std::string metrics_markdown() {
    std::string out =
        "# Metrics\n\n"
        "Prometheus text at `/metrics` of the admin address. Counters end in `_total`, durations "
        "are\n"
        "seconds, sizes bytes. Label values are bounded; a key, an offset or a payload is never "
        "one.\n"
        "The series of a route exist from its start, with 0; those of a partition while it is\n"
        "assigned. Everything of one route in one scrape comes from one consistent snapshot.\n\n"
        "This page is made from the table in `daemon/ops/metrics.cpp` and checked by a test.\n\n"
        "## Per route\n\n";
    append_table(out, route_metrics());
    out += "\n## Per process\n\n";
    append_table(out, process_metrics());
    out += "\n## Values of `reason` and `state`\n\n";
    append_values(out, "`headrace_route_state`", state_names());
    append_values(out, "`headrace_write_errors_total`, `headrace_records_retried_total`",
                  failure_reasons());
    append_values(out, "`headrace_records_dead_lettered_total`, a destination may add its own",
                  dead_letter_reasons);
    append_values(out, "`headrace_concurrency_changes_total`", concurrency_changes());
    append_values(out, "`limit` of `headrace_rate_limited_seconds_total`", rate_limits());
    append_values(out, "`headrace_records_skipped_total`", skip_reasons);
    append_values(out, "`headrace_records_returned_total`", return_reasons);
    return out;
}

}  // namespace headrace::ops
