// What a test measured, for `scripts/test --soak`, which makes docs/soak.md of it; and how much a
// test shall do: a short form runs in every CI run, the long one with HEADRACE_SOAK set.
// Thread safety: free functions.
#pragma once

#include <cstdint>
#include <string>

namespace headrace::integration {

/// Prints `FIGURE name value unit` on a line of its own. REQUIRES: no blank in the name and unit.
void figure(std::string const& name, double value, std::string const& unit);

/// The second number in the long form, else the first.
[[nodiscard]] std::int64_t sized(std::int64_t brief, std::int64_t lengthy);

}  // namespace headrace::integration
