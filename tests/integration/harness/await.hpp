// The one wait of these tests: looks at a condition again and again until it holds or a limit has
// passed. Nothing here waits for a guess. Thread safety: free functions.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <functional>

namespace headrace::integration {

/// Longer than anything takes on a busy machine under sanitizers; what comes sooner waits no
/// longer.
inline constexpr Duration patience = std::chrono::seconds(60);

/// Whether `condition` held before `limit` had passed.
[[nodiscard]] bool await(std::function<bool()> const& condition, Duration limit = patience);

}  // namespace headrace::integration
