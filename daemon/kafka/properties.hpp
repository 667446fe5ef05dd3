// The librdkafka properties of the configuration: which are refused because the daemon's promises
// rest on them, and whether librdkafka knows the others and takes their values. Used by config
// (validate) and before any client is made. Thread safety: pure functions.
#pragma once

#include "base/result.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace headrace::kafka {

struct RefusedProperty {
    std::string_view name;
    std::string_view reason;  ///< What to do instead, or why not.
};

/// Properties that may not be set in `kafka.properties`.
[[nodiscard]] std::span<RefusedProperty const> refused_properties() noexcept;

/// Checks one property: an Error names it and says what is wrong with it, never its value if it is
/// secret.
[[nodiscard]] Result<void> check_property(std::string const& name, std::string const& value);

/// Checks all of them one by one, and stops at the first fault. Whether they fit together shows
/// when a client is made.
[[nodiscard]] Result<void> check_properties(std::map<std::string, std::string> const& properties);

}  // namespace headrace::kafka
