// Sizes as people write them in the configuration: "512", "64KiB", "1MiB", "2GiB". Used by config
// and by whoever prints a size. Thread safety: free functions without state.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace headrace {

inline constexpr std::uint64_t kib = 1024;
inline constexpr std::uint64_t mib = 1024 * kib;
inline constexpr std::uint64_t gib = 1024 * mib;

/// Reads a whole number of bytes with an optional KiB, MiB or GiB; anything else, or an overflow,
/// is invalid_argument.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

/// The shortest exact form: 1048576 is "1MiB", 1000 is "1000".
[[nodiscard]] std::string format_size(std::uint64_t bytes);

}  // namespace headrace
