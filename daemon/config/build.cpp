#include "config/build.hpp"

#include "config/followed_files.hpp"
#include "config/kafka_settings.hpp"
#include "config/listen_address.hpp"
#include "ops/control_socket.hpp"

#include <memory>

namespace headrace::config {
namespace {

void build_limits(SettingsLookup const& lookup, Limits& limits) {
    limits.memory_bytes = lookup.count("limits.memory");
    limits.drain = lookup.seconds("limits.drain_secs");
    limits.uncommitted_records_max = lookup.count("limits.uncommitted_records_max");
    if (auto const workers = lookup.get("limits.workers").number)
        limits.workers = static_cast<unsigned>(*workers);
}

void build_admin(SettingsLookup const& lookup, ops::AdminSettings& admin) {
    auto listen = parse_listen_address(lookup.text("admin.listen"));
    if (!listen) {
        lookup.report("admin.listen", listen.error().message);
        return;
    }
    admin = std::move(listen).value();
}

void build_control(SettingsLookup const& lookup, ops::ControlSettings& control) {
    if (!lookup.is_set("control.socket")) return;
    control.socket = lookup.text("control.socket");
    bool const fits = !control.socket.empty() &&
                      control.socket.size() <= ops::control_path_bytes_max &&
                      control.socket.find('\0') == std::string::npos;
    if (fits) return;
    lookup.report("control.socket", "must be a path of 1 to " +
                                        std::to_string(ops::control_path_bytes_max) + " bytes");
}

void build_log(SettingsLookup const& lookup, ops::LogSettings& log) {
    log.level = ops::parse_log_level(lookup.text("log.level")).value_or(log.level);
    log.format = ops::parse_log_format(lookup.text("log.format")).value_or(log.format);
}

/// Values that are read once but stand in a file: the daemon tells when the file says something
/// else.
void collect_fixed_files(BuildContext const& context, Config& config) {
    auto const collect = [&](std::string const& path, Text const& text) {
        if (!reads_file(text.parts)) return;
        config.fixed_files.push_back(std::make_shared<FileSecret>(
            FileSecret::Settings{path, text.parts, text.value,
                                 [](std::string_view) { return Result<void>(); }},
            context.environment));
    };
    for (auto const& [path, value] : context.values.all()) {
        if (is_followed(path)) continue;
        collect(path, value.text);
        for (auto const& name : value.names)
            collect(path, name);
        for (auto const& [name, text] : value.table)
            collect(path + "." + name.value, text);
    }
}

}  // namespace

Config build_config(BuildContext const& context) {
    SettingsLookup const lookup(context.values, context.diagnostics);
    Config config;
    config.bootstrap_servers = read_bootstrap_servers(lookup, "kafka.bootstrap_servers");
    config.properties = read_properties(lookup, "kafka.properties");
    build_admin(lookup, config.admin);
    build_control(lookup, config.control);
    build_log(lookup, config.log);
    build_limits(lookup, config.limits);
    if (!lookup.is_set("routes"))
        lookup.report("routes", "is required: a list with at least one route (- name: …)");
    for (std::size_t i = 0; i < context.values.routes(); ++i) {
        config.routes.push_back(build_route(context, i, config));
    }
    share_memory(context, config);
    check_routes_together(context, config);
    collect_fixed_files(context, config);
    return config;
}

}  // namespace headrace::config
