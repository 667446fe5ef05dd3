// The samples of one metric, in prometheus-cpp's shape: what metrics.cpp's table fills. Internal to
// this folder. Thread safety: not thread-safe; belongs to its scrape.
#pragma once

#include "flow/route_snapshot.hpp"

#include <prometheus/metric_family.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace headrace::ops {

/// The names of a metric's labels; empty ones stand at the end and mean none.
using MetricLabels = std::array<std::string_view, 3>;

/// Fills one family: each sample's values come in the order of its labels. A value that is not
/// UTF-8 loses its odd bytes.
class MetricSamples {
  public:
    /// Both outlive this.
    MetricSamples(prometheus::MetricFamily& family, MetricLabels const& labels)
        : family_(family), labels_(labels) {}

    void add(std::initializer_list<std::string_view> values, double number);
    void add(std::initializer_list<std::string_view> values, std::uint64_t number) {
        add(values, static_cast<double>(number));
    }
    void add(std::initializer_list<std::string_view> values, std::int64_t number) {
        add(values, static_cast<double>(number));
    }
    void add(std::initializer_list<std::string_view> values,
             flow::HistogramSnapshot const& snapshot);

  private:
    prometheus::ClientMetric& labelled(std::initializer_list<std::string_view> values);

    prometheus::MetricFamily& family_;
    MetricLabels const& labels_;
};

}  // namespace headrace::ops
