// What both emulators do alike with a drawn fault: bodies of gateways, the way of delivery, waits.
// Error objects of the services' own stay with them. Thread safety: free functions without state.
#pragma once

#include "emulator/faults.hpp"
#include "emulator/reply.hpp"

#include <string>

namespace headrace::emulator {

/// The body of `fault.status` in its form; `own` is the service's own error object.
[[nodiscard]] http::ServerResponse status_answer(Fault const& fault, std::string own, WallTime now);

/// What a proxy in front of the service shows when the service sends GOAWAY.
[[nodiscard]] http::ServerResponse goaway_answer();

/// Changes an answer that is otherwise true as the fault wants: cut off, in pieces, late, not at
/// all.
void spoil(Reply& reply, Fault const& fault);

/// Whether the fault leaves the request to be handled as usual and only spoils the answer's way.
[[nodiscard]] bool keeps_answer(FaultKind kind) noexcept;

}  // namespace headrace::emulator
