#include "commands/commands.hpp"
#include "commands/config_file.hpp"
#include "commands/connect_check.hpp"
#include "kafka/probe.hpp"

#include <ostream>

namespace headrace::commands {
namespace {

/// Tells what a route lacks; false if anything.
bool check_route(config::Route const& route, Clock const& clock, Streams streams) {
    std::optional<std::string> topic;
    if (route.dead_letters) topic = route.dead_letters->topic;
    auto const report = kafka::probe({.source = route.source, .dead_letter_topic = topic});
    bool is_good = true;
    for (auto const& problem : report.problems) {
        streams.err << "route " << route.name << ": kafka: " << problem.message << '\n';
        is_good = false;
    }
    for (auto const& problem : check_destination(route, clock)) {
        streams.err << "route " << route.name << ": destination: " << problem << '\n';
        is_good = false;
    }
    if (!is_good) return false;
    std::size_t partitions = 0;
    for (auto const& probed : report.topics) {
        partitions += probed.partitions;
    }
    streams.out << "route " << route.name << ": " << report.topics.size() << " topics with "
                << partitions << " partitions, " << route.destination_type() << " answers\n";
    return true;
}

}  // namespace

int execute(ValidateCommand const& command, Streams streams) {
    auto const config = load_config(command.config, streams);
    if (!config) return exit_bad_config;
    bool is_good = true;
    if (command.connect) {
        SystemClock const clock;
        for (auto const& route : config->routes) {
            is_good = check_route(route, clock, streams) && is_good;
        }
    }
    if (is_good)
        streams.out << command.config << " is valid: " << config->routes.size() << " routes\n";
    return is_good ? exit_ok : exit_failure;
}

}  // namespace headrace::commands
