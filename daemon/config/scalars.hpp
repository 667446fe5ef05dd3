// Numbers, sizes and booleans as the configuration writes them, and advice for the ways they are
// mistyped. Pure; used by values. Thread safety: free functions without state.
#pragma once

#include "config/keys.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace headrace::config {

/// Whether YAML reads the plain scalar as a number or a boolean, so that it would have to be quoted
/// to be text.
[[nodiscard]] bool is_number_or_boolean(std::string_view plain) noexcept;

[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text) noexcept;

/// The number that a key of a numeric type or a size would take, its range left aside; nothing if
/// `text` has another form.
[[nodiscard]] std::optional<double> parse_number(Type type, std::string_view text) noexcept;

/// ` (did you mean 30000?)` for a value with a wrong unit, such as 30s or 1MB; else empty.
[[nodiscard]] std::string unit_advice(Type type, std::string_view text);

}  // namespace headrace::config
