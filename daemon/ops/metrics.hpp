// The Prometheus text of /metrics, made from snapshots when it is asked for: nothing of it stands
// on the path of a record. One table in metrics.cpp (name, type, labels, help) is the source of the
// text and, by metrics_document, of docs/metrics.md. Used by admin_server.
// Thread safety: free functions without state.
#pragma once

#include "flow/route_snapshot.hpp"
#include "ops/config_status.hpp"
#include "ops/process_sample.hpp"

#include <span>
#include <string>
#include <string_view>

namespace headrace::ops {

/// The content type of the text format.
inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// All series as Prometheus text. Label values that are not UTF-8 lose their odd bytes.
[[nodiscard]] std::string render_metrics(std::span<flow::RouteSnapshot const> routes,
                                         ProcessSample const& process, std::string_view version,
                                         ConfigStatus const& config = {});

}  // namespace headrace::ops
