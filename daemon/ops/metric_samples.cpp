#include "ops/metric_samples.hpp"

#include "base/json.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace headrace::ops {
namespace {

std::string clean(std::string_view value) {
    std::string text(value);
    if (!is_utf8(text)) {
        std::ranges::replace_if(
            text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
    }
    return text;
}

}  // namespace

void MetricSamples::add(std::initializer_list<std::string_view> values, double number) {
    auto& metric = labelled(values);
    metric.counter.value = number;
    metric.gauge.value = number;
}

void MetricSamples::add(std::initializer_list<std::string_view> values,
                        flow::HistogramSnapshot const& snapshot) {
    auto& histogram = labelled(values).histogram;
    if (!snapshot.counts.empty()) histogram.sample_count = snapshot.counts.back();
    histogram.sample_sum = snapshot.sum;
    std::size_t const bounds = std::min(snapshot.bounds.size(), snapshot.counts.size());
    for (std::size_t at = 0; at < bounds; ++at) {
        histogram.bucket.push_back({snapshot.counts[at], snapshot.bounds[at]});
    }
    histogram.bucket.push_back({histogram.sample_count, std::numeric_limits<double>::infinity()});
}

prometheus::ClientMetric& MetricSamples::labelled(std::initializer_list<std::string_view> values) {
    auto& metric = family_.metric.emplace_back();
    auto name = labels_.begin();
    for (auto const value : values)
        metric.label.push_back({std::string(*name++), clean(value)});
    return metric;
}

}  // namespace headrace::ops
