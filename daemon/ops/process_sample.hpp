// What Linux says about this process: memory, CPU, file descriptors, start. Used by metrics for the
// process_* series; reads /proc when asked and keeps nothing. Thread safety: free functions without
// state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::ops {

/// What could not be read is absent.
struct ProcessSample {
    std::optional<double> cpu_seconds;
    std::optional<double> start_time_seconds;  ///< Since the Unix epoch.
    std::optional<std::uint64_t> resident_bytes;
    std::optional<std::uint64_t> virtual_bytes;
    std::optional<std::uint64_t> open_fds;
    std::optional<std::uint64_t> max_fds;  ///< Absent as well when there is no limit.
    std::optional<std::uint64_t> threads;
};

/// The kernel's units.
struct KernelUnits {
    std::uint64_t ticks_per_sec = 100;
    std::uint64_t page_bytes = 4096;
};

/// Reads this process's own sample; `proc` is where the proc file system is mounted.
[[nodiscard]] ProcessSample read_process_sample(std::string const& proc = "/proc");

/// Takes what /proc/self/stat says; `boot_time_secs` is the `btime` of /proc/stat.
void parse_process_stat(std::string_view stat, std::optional<std::uint64_t> boot_time_secs,
                        KernelUnits units, ProcessSample& sample);
/// The soft limit of open files in /proc/self/limits.
[[nodiscard]] std::optional<std::uint64_t> parse_open_files_limit(std::string_view limits);
/// The seconds since the epoch at which the machine started, from /proc/stat.
[[nodiscard]] std::optional<std::uint64_t> parse_boot_time(std::string_view stat);

}  // namespace headrace::ops
