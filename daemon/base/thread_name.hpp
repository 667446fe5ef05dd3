// Names for threads, so that `top -H`, a debugger and a core dump say whose loop it is. Called once
// by each thread that the daemon starts, on itself. The main thread keeps the program's name, which
// is the process's own. Thread safety: free functions, any thread.
#pragma once

#include <string>
#include <string_view>

namespace headrace {

/// What the kernel keeps of a name.
inline constexpr std::size_t thread_name_bytes_max = 15;

/// `prefix` and `name` as far as they fit: names that are too long keep their beginning and their
/// end, where they differ, around a `~`.
[[nodiscard]] std::string fit_thread_name(std::string_view prefix, std::string_view name);

/// Names the calling thread. Never fails: a name that the system refuses is left out.
void name_thread(std::string_view prefix, std::string_view name = {}) noexcept;

}  // namespace headrace
