#include "harness/running_daemon.hpp"

#include "ops/exposition.hpp"

#include <algorithm>
#include <csignal>

namespace headrace::integration {
namespace {

constexpr std::size_t story_bytes_max = 6000;

std::vector<std::string> with_binary(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), HEADRACE_BINARY);
    return arguments;
}

bool has_labels(ops::Sample const& sample, Labels const& labels) {
    return std::all_of(labels.begin(), labels.end(), [&](auto const& label) {
        auto const found = sample.labels.find(label.first);
        return found != sample.labels.end() && found->second == label.second;
    });
}

}  // namespace

RunningDaemon::RunningDaemon(TemporaryFolder const& folder, std::string const& name,
                             std::string_view config)
    : process_(with_binary({"run", "--config", folder.write(name + ".yaml", config)}),
               folder.path() / (name + ".log")) {}

bool RunningDaemon::has_started() {
    std::ignore = await([&] { return find_admin_port() != 0 || !process_.is_running(); });
    admin_port_ = find_admin_port();
    return admin_port_ != 0;
}

std::uint16_t RunningDaemon::find_admin_port() const {
    constexpr std::string_view word = "admin_port=";
    auto const text = log();
    auto const at = text.find(word);
    if (at == std::string::npos) return 0;
    return static_cast<std::uint16_t>(std::stoi(text.substr(at + word.size(), 5)));
}

AdminAnswer RunningDaemon::get(std::string const& path) {
    return integration::get(admin_port_, path);
}

double RunningDaemon::metric(std::string const& name, Labels const& labels) {
    auto const scrape = get("/metrics");
    if (scrape.status != 200) return -1;
    auto const exposition = ops::parse_exposition(scrape.body);
    double sum = 0;
    bool is_there = false;
    for (auto const& [family, text] : exposition.families) {
        for (auto const& sample : text.samples) {
            if (sample.name != name || !has_labels(sample, labels)) continue;
            sum += sample.value;
            is_there = true;
        }
    }
    return is_there ? sum : -1;
}

std::string RunningDaemon::state(std::string const& route) {
    auto const scrape = get("/metrics");
    if (scrape.status != 200) return {};
    auto const exposition = ops::parse_exposition(scrape.body);
    auto const found = exposition.families.find("headrace_route_state");
    if (found == exposition.families.end()) return {};
    for (auto const& sample : found->second.samples) {
        if (sample.value == 1 && has_labels(sample, {{"route", route}}))
            return sample.labels.at("state");
    }
    return {};
}

std::optional<int> RunningDaemon::terminate(Duration limit) {
    process_.signal(SIGTERM);
    return process_.wait(limit);
}

std::string RunningDaemon::story() {
    auto text = log();
    if (text.size() > story_bytes_max) text.erase(0, text.size() - story_bytes_max);
    auto const exit_code = process_.wait(Duration::zero());
    text += exit_code ? "\nended with " + std::to_string(*exit_code) : "\nstill running";
    if (!exit_code && admin_port_ != 0)
        text += "\n/readyz: " + get("/readyz").body + "\n/status: " + get("/status").body;
    return text;
}

Ended run_binary(TemporaryFolder const& folder, std::vector<std::string> arguments) {
    Process process(with_binary(std::move(arguments)), folder.path() / "command.log");
    auto const exit_code = process.wait(patience);
    return {exit_code.value_or(-1), process.output()};
}

}  // namespace headrace::integration
