#include "ops/process_sample.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace headrace::ops {
namespace {

std::string read_file(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::vector<std::string_view> split_words(std::string_view text) {
    constexpr std::string_view blanks = " \t\n";
    std::vector<std::string_view> words;
    while (true) {
        auto const begin = text.find_first_not_of(blanks);
        if (begin == std::string_view::npos) return words;
        text.remove_prefix(begin);
        auto const end = std::min(text.find_first_of(blanks), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
}

/// What stands behind `name` at the beginning of a line, up to the line's end; empty if nowhere.
std::string_view line_after(std::string_view text, std::string_view name) {
    while (!text.empty()) {
        auto const end = std::min(text.find('\n'), text.size());
        std::string_view const line = text.substr(0, end);
        if (line.starts_with(name)) return line.substr(name.size());
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return {};
}

std::optional<std::uint64_t> count_open_fds(std::string const& folder) {
    std::error_code error;
    std::uint64_t count = 0;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error)) {
        ++count;
    }
    // The folder itself is open while it is read.
    if (error || count == 0) return std::nullopt;
    return count - 1;
}

KernelUnits kernel_units() {
    KernelUnits units;
    if (long const ticks = ::sysconf(_SC_CLK_TCK); ticks > 0) {
        units.ticks_per_sec = static_cast<std::uint64_t>(ticks);
    }
    if (long const bytes = ::sysconf(_SC_PAGESIZE); bytes > 0) {
        units.page_bytes = static_cast<std::uint64_t>(bytes);
    }
    return units;
}

}  // namespace

ProcessSample read_process_sample(std::string const& proc) {
    ProcessSample sample;
    parse_process_stat(read_file(proc + "/self/stat"), parse_boot_time(read_file(proc + "/stat")),
                       kernel_units(), sample);
    sample.max_fds = parse_open_files_limit(read_file(proc + "/self/limits"));
    sample.open_fds = count_open_fds(proc + "/self/fd");
    return sample;
}

void parse_process_stat(std::string_view stat, std::optional<std::uint64_t> boot_time_secs,
                        KernelUnits units, ProcessSample& sample) {
    // The second field is the program's name in parentheses and may hold anything; proc(5) counts
    // fields from 1, the third is the first after it.
    auto const name_end = stat.rfind(')');
    if (name_end == std::string_view::npos) return;
    auto const words = split_words(stat.substr(name_end + 1));
    auto const field = [&](std::size_t number) -> std::optional<std::uint64_t> {
        return number - 3 < words.size() ? parse_number(words[number - 3]) : std::nullopt;
    };
    auto const seconds = [&](std::uint64_t ticks) {
        return static_cast<double>(ticks) / static_cast<double>(units.ticks_per_sec);
    };
    if (auto const user = field(14), system = field(15); user && system) {
        sample.cpu_seconds = seconds(*user + *system);
    }
    sample.threads = field(20);
    if (auto const start = field(22); start && boot_time_secs) {
        sample.start_time_seconds = static_cast<double>(*boot_time_secs) + seconds(*start);
    }
    sample.virtual_bytes = field(23);
    if (auto const pages = field(24)) sample.resident_bytes = *pages * units.page_bytes;
}

std::optional<std::uint64_t> parse_open_files_limit(std::string_view limits) {
    auto const words = split_words(line_after(limits, "Max open files"));
    return words.empty() ? std::nullopt : parse_number(words.front());
}

std::optional<std::uint64_t> parse_boot_time(std::string_view stat) {
    auto const words = split_words(line_after(stat, "btime"));
    return words.empty() ? std::nullopt : parse_number(words.front());
}

}  // namespace headrace::ops
