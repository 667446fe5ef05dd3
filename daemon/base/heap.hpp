// How the C library keeps memory that was freed. Used once, by commands/run. Thread safety: before
// other threads start.
#pragma once

namespace headrace {

/// Large buffers go back to the system as soon as they are freed, for the life of the process. By
/// default glibc keeps them once some were freed, which took a third more memory than was in use
/// (docs/decisions/0009-a-memory-ceiling.md).
void give_back_large_buffers() noexcept;

}  // namespace headrace
