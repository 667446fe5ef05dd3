#include "commands/demo_summary.hpp"

#include <cstdio>

namespace headrace::commands {
namespace {

struct Totals {
    std::uint64_t read = 0;
    std::uint64_t written = 0;
    std::uint64_t requests = 0;
    std::uint64_t errors = 0;
    std::int64_t unaccounted = 0;
    double written_per_sec = 0;
    flow::HistogramSnapshot latency;
};

Totals add_up(std::span<flow::RouteSnapshot const> routes) {
    Totals totals;
    for (auto const& route : routes) {
        totals.read += route.read;
        totals.written += route.written;
        totals.requests += route.write_requests;
        totals.unaccounted += route.unaccounted;
        totals.written_per_sec += route.written_per_sec;
        for (auto const errors : route.write_errors) {
            totals.errors += errors;
        }
        auto const& latency = route.end_to_end_seconds;
        if (totals.latency.counts.empty())
            totals.latency = {latency.bounds, std::vector<std::uint64_t>(latency.counts.size()), 0};
        for (std::size_t i = 0; i < latency.counts.size(); ++i) {
            totals.latency.counts[i] += latency.counts[i];
        }
    }
    return totals;
}

template <class... Values>
std::string format(char const* pattern, Values... values) {
    char text[256];
    auto const size = std::snprintf(text, sizeof text, pattern, values...);
    return {text, static_cast<std::size_t>(size)};
}

unsigned long long wide(std::uint64_t value) {
    return value;
}

}  // namespace

double quantile(flow::HistogramSnapshot const& histogram, double share) {
    if (histogram.counts.empty() || histogram.counts.back() == 0) return 0;
    auto const wanted = share * static_cast<double>(histogram.counts.back());
    double below = 0;
    double lower = 0;
    for (std::size_t i = 0; i < histogram.bounds.size(); ++i) {
        auto const count = static_cast<double>(histogram.counts[i]);
        if (count >= wanted) {
            auto const inside = count > below ? (wanted - below) / (count - below) : 1.0;
            return lower + (histogram.bounds[i] - lower) * inside;
        }
        below = count;
        lower = histogram.bounds[i];
    }
    return histogram.bounds.back();
}

std::string progress_line(double elapsed_secs, FeedCounts produced,
                          std::span<flow::RouteSnapshot const> routes) {
    auto const totals = add_up(routes);
    return format(
        "%6.1f s  %llu records in, %llu written (%.0f/s), %llu requests, %llu failed, p99 %.1f "
        "ms\n",
        elapsed_secs, wide(produced.total()), wide(totals.written), totals.written_per_sec,
        wide(totals.requests), wide(totals.errors), 1000 * quantile(totals.latency, 0.99));
}

std::string summary(double elapsed_secs, FeedCounts produced,
                    std::span<flow::RouteSnapshot const> routes, StoreCheck const& check) {
    auto const totals = add_up(routes);
    auto const rate = elapsed_secs > 0 ? static_cast<double>(totals.written) / elapsed_secs : 0.0;
    std::string out = "\n";
    out += format("records in      %llu (%llu clicks, %llu documents)\n", wide(produced.total()),
                  wide(produced.clicks), wide(produced.documents));
    out += format("written         %llu\n", wide(totals.written));
    out += format("requests        %llu, %llu of them failed and were tried again\n",
                  wide(totals.requests), wide(totals.errors));
    out += format("records/s       %.0f over %.1f s\n", rate, elapsed_secs);
    out += format(
        "latency         p50 %.1f ms, p99 %.1f ms from Kafka's timestamp to the store's yes\n",
        1000 * quantile(totals.latency, 0.50), 1000 * quantile(totals.latency, 0.99));
    bool const is_whole = check.is_complete() && totals.unaccounted == 0;
    out += format(
        "%s    %llu of %llu clicks and %llu of %llu documents are in the stores by id, %llu "
        "written twice\n",
        is_whole ? "nothing lost" : "INCOMPLETE  ", wide(produced.clicks - check.clicks_missing),
        wide(produced.clicks), wide(produced.documents - check.documents_missing),
        wide(produced.documents), wide(check.written_again));
    return out;
}

}  // namespace headrace::commands
