// How long a retry waits: exponential backoff with full jitter, as a pure function of the attempt
// and a random number. It does not decide whether to retry (that is the verdict) nor how often
// (that is the batch's count). Source of the formula: "Exponential Backoff And Jitter", AWS
// Architecture Blog, "full jitter".
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"

namespace headrace {

struct Backoff {
    Duration initial{};  ///< Upper bound of the first wait.
    Duration max{};      ///< Upper bound of every wait.

    /// A wait in [0, min(max, initial * 2^retries_before)].
    [[nodiscard]] Duration wait(unsigned retries_before, Random& random) const noexcept;
};

/// `wait` changed by up to `share` (0.2 = 20 %) to either side, so that probes of many processes
/// spread out.
[[nodiscard]] Duration spread(Duration wait, double share, Random& random) noexcept;

}  // namespace headrace
