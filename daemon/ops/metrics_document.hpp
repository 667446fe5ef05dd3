// docs/metrics.md, made from the table in metrics.cpp, so that it cannot drift from what is
// exported. Used by the test that compares and writes it. Thread safety: free functions without
// state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headrace::ops {

/// One row of the table, as the document shows it.
struct MetricDescription {
    std::string_view name;
    std::string_view type;
    std::vector<std::string_view> labels;
    std::string_view help;
};

/// The rows of metrics.cpp that every route has.
[[nodiscard]] std::vector<MetricDescription> route_metrics();
/// The rows of metrics.cpp that stand once.
[[nodiscard]] std::vector<MetricDescription> process_metrics();

/// docs/metrics.md, word for word.
[[nodiscard]] std::string metrics_markdown();

}  // namespace headrace::ops
