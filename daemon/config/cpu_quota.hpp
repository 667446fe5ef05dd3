// How many workers `limits.workers: auto` means: the CPU quota of the process's cgroup, v1 or v2,
// rounded up, at most workers_max. Used by daemon. The rules are pure functions of the files'
// contents; read_cpu_quota alone reads files. Thread safety: free functions without state.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace headrace::config {

/// More workers than this thin the batches out rather than help; limits.workers can still ask for
/// more.
inline constexpr unsigned workers_max = 4;

/// CPUs that a cgroup v2's cpu.max grants ("150000 100000" is 1.5); nothing for `max` or what is
/// not understood.
[[nodiscard]] std::optional<double> parse_cpu_max(std::string_view cpu_max);

/// CPUs that a cgroup v1's cpu.cfs_quota_us and cpu.cfs_period_us grant; nothing for -1 or what is
/// not understood.
[[nodiscard]] std::optional<double> parse_cfs(std::string_view quota_us,
                                              std::string_view period_us);

/// The quota that holds for the process: the smallest on the way from its cgroup up to the root.
/// `cgroups` is /sys/fs/cgroup, `self` the content of /proc/self/cgroup.
[[nodiscard]] std::optional<double> read_cpu_quota(std::filesystem::path const& cgroups,
                                                   std::string_view self);

/// The number of workers for a quota, or without one for the machine's `hardware_threads`; 1 to
/// workers_max.
[[nodiscard]] unsigned workers_auto(std::optional<double> quota,
                                    unsigned hardware_threads) noexcept;

}  // namespace headrace::config
