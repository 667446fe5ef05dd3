// Whether a record fits its stream source's schema, and when its event happened. Pure; used by
// TectonEmulator. Thread safety: free functions without state.
#pragma once

#include "emulator/json_tree.hpp"
#include "emulator/tecton_settings.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::emulator {

/// Nanoseconds since the Unix epoch of `YYYY-MM-DDThh:mm[:ss[.f{1,9}]][Z|+hh:mm|-hh:mm]`, no zone
/// being UTC; nothing if the text is anything else or does not fit 64 bits.
[[nodiscard]] std::optional<std::int64_t> parse_event_time(std::string_view text);

/// Whether a value that is not null is of that type.
[[nodiscard]] bool fits(JsonNode value, TectonType const& type);

/// The first fault of a record against the schema, in words for `errorMessage`; nothing if it fits.
[[nodiscard]] std::optional<std::string> find_schema_fault(JsonNode record,
                                                           StreamSource const& source,
                                                           TectonSwitches const& switches);

}  // namespace headrace::emulator
