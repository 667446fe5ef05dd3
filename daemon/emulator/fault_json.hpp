// Fault rules as JSON, for `/_emulator/faults`. docs/emulators.md has the keys. Used by control
// only. Thread safety: free functions without state.
#pragma once

#include "emulator/faults.hpp"
#include "emulator/json_tree.hpp"

#include <string>

namespace headrace::emulator {

class JsonText;

/// Reads one rule; the error names the key that is wrong and what it may hold.
[[nodiscard]] Result<FaultRule> read_fault_rule(JsonNode object);

/// Writes a rule with what it did so far, as GET /_emulator/faults shows it.
void write_fault(JsonText& out, FaultSchedule::Entry const& entry);

}  // namespace headrace::emulator
