// The demo's words: the line of progress and the summary. Pure.
// Thread safety: free functions.
#pragma once

#include "base/clock.hpp"
#include "commands/demo_feed.hpp"
#include "flow/route_snapshot.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace headrace::commands {

/// What the stores say after the demo, counted by id.
struct StoreCheck {
    std::uint64_t clicks_missing = 0;
    std::uint64_t documents_missing = 0;
    std::uint64_t written_again = 0;  ///< Ids that came more than once.

    [[nodiscard]] bool is_complete() const noexcept {
        return clicks_missing == 0 && documents_missing == 0;
    }
};

/// The value below which `share` of the observations lie, estimated inside its bucket; 0 without
/// observations, the last bound for those beyond it.
[[nodiscard]] double quantile(flow::HistogramSnapshot const& histogram, double share);

[[nodiscard]] std::string progress_line(double elapsed_secs, FeedCounts produced,
                                        std::span<flow::RouteSnapshot const> routes);

[[nodiscard]] std::string summary(double elapsed_secs, FeedCounts produced,
                                  std::span<flow::RouteSnapshot const> routes,
                                  StoreCheck const& check);

}  // namespace headrace::commands
