#include "config/cpu_quota.hpp"

#include "config/environment.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <system_error>

namespace headrace::config {
namespace {

constexpr std::size_t cgroup_file_bytes_max = 4096;

std::string_view trimmed(std::string_view text) noexcept {
    auto const first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::optional<double> positive(std::string_view text) noexcept {
    std::int64_t value = 0;
    auto const [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size() || value <= 0) return std::nullopt;
    return static_cast<double>(value);
}

std::optional<double> smaller(std::optional<double> left, std::optional<double> right) noexcept {
    if (!left || !right) return left ? left : right;
    return std::min(*left, *right);
}

std::string content(std::filesystem::path const& file) {
    auto const text = read_small_file(file.string(), cgroup_file_bytes_max);
    return text ? *text : std::string();
}

std::optional<double> quota_at(std::filesystem::path const& group, bool is_v2) {
    if (is_v2) return parse_cpu_max(content(group / "cpu.max"));
    return parse_cfs(content(group / "cpu.cfs_quota_us"), content(group / "cpu.cfs_period_us"));
}

/// The smallest quota from `group` up to `root`. A container may not see its own path below the
/// root: then the root's counts.
std::optional<double> smallest_quota(std::filesystem::path const& root, std::string_view group,
                                     bool is_v2) {
    auto quota = quota_at(root, is_v2);
    auto path = root;
    for (auto const& part : std::filesystem::path(group).relative_path()) {
        if (part == "..") return quota;
        path /= part;
        quota = smaller(quota, quota_at(path, is_v2));
    }
    return quota;
}

/// Whether a v1 line's list of controllers, such as cpu,cpuacct, names cpu.
bool has_cpu(std::string_view controllers) noexcept {
    while (!controllers.empty()) {
        auto const end = std::min(controllers.find(','), controllers.size());
        if (controllers.substr(0, end) == "cpu") return true;
        controllers.remove_prefix(std::min(end + 1, controllers.size()));
    }
    return false;
}

}  // namespace

std::optional<double> parse_cpu_max(std::string_view cpu_max) {
    auto const text = trimmed(cpu_max);
    auto const space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    return parse_cfs(text.substr(0, space), text.substr(space + 1));
}

std::optional<double> parse_cfs(std::string_view quota_us, std::string_view period_us) {
    auto const quota = positive(trimmed(quota_us));
    auto const period = positive(trimmed(period_us));
    if (!quota || !period) return std::nullopt;
    return *quota / *period;
}

std::optional<double> read_cpu_quota(std::filesystem::path const& cgroups, std::string_view self) {
    std::optional<double> quota;
    while (!self.empty()) {
        auto const end = std::min(self.find('\n'), self.size());
        auto const line = self.substr(0, end);
        self.remove_prefix(std::min(end + 1, self.size()));
        auto const first = line.find(':');
        auto const second = first == std::string_view::npos ? first : line.find(':', first + 1);
        if (second == std::string_view::npos) continue;
        auto const controllers = line.substr(first + 1, second - first - 1);
        auto const group = line.substr(second + 1);
        if (controllers.empty()) {
            quota = smaller(quota, smallest_quota(cgroups, group, true));
        } else if (has_cpu(controllers)) {
            quota = smaller(quota, smallest_quota(cgroups / controllers, group, false));
        }
    }
    return quota;
}

unsigned workers_auto(std::optional<double> quota, unsigned hardware_threads) noexcept {
    auto const machine = std::max(hardware_threads, 1U);
    // A quota above the machine's threads grants nothing that is there.
    auto const wanted = quota ? std::min(std::ceil(*quota), static_cast<double>(machine))
                              : static_cast<double>(machine);
    return static_cast<unsigned>(std::clamp(wanted, 1.0, static_cast<double>(workers_max)));
}

}  // namespace headrace::config
