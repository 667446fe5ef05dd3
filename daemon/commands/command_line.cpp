#include "commands/command_line.hpp"

#include "commands/command_tree.hpp"
#include "commands/grammar.hpp"
#include "version.hpp"

#include <CLI/CLI.hpp>

#include <limits>

namespace headrace::commands {
namespace {

constexpr char const* about =
    "Moves records from Kafka into a feature store (Tecton) or a vector database (Milvus), "
    "loss-free.";
constexpr char const* exit_codes =
    "Exit codes: 0 done or drained cleanly, 1 failed, 64 wrong usage, 78 bad configuration.";

void add_config(CLI::App& command, std::string& target) {
    command.add_option("--config", target, "The YAML file; see docs/configuration.md")
        ->envname("HEADRACE_CONFIG")
        ->required()
        ->type_name("FILE");
}

void add_control(CLI::App& command, std::string& target) {
    command.add_option("--control", target, "The daemon's control.socket")
        ->envname("HEADRACE_CONTROL")
        ->type_name("SOCKET")
        ->capture_default_str();
}

CLI::App* add_reload(CLI::App& app, ReloadCommand& reload) {
    auto* const reload_app = app.add_subcommand(
        "reload", "Let a running daemon read its configuration again; see docs/operations.md");
    add_control(*reload_app, reload.control);
    return reload_app;
}

CLI::App* add_log_level(CLI::App& app, LogLevelCommand& log_level) {
    auto* const level_app =
        app.add_subcommand("log-level", "Let a running daemon log more or less from now on");
    level_app->add_option("LEVEL", log_level.level, "debug, info, warn or error")
        ->required()
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
        ->type_name("");
    add_control(*level_app, log_level.control);
    return level_app;
}

CLI::App* add_demo(CLI::App& app, DemoCommand& demo) {
    auto* const demo_app = app.add_subcommand(
        "demo", "The whole thing in this process: Kafka, Tecton and Milvus played inside");
    demo_app
        ->add_option("--records", demo.records,
                     "End by itself after so many records; else at Ctrl-C")
        ->envname("HEADRACE_RECORDS")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000'000}))
        ->type_name("N");
    demo_app
        ->add_option("--admin", demo.admin,
                     "Where the admin page listens; port 0 takes any free one")
        ->envname("HEADRACE_ADMIN")
        ->type_name("HOST:PORT")
        ->capture_default_str();
    return demo_app;
}

void add_emulator(CLI::App& app, EmulatorCommand& emulator) {
    auto* const emulator_app = app.add_subcommand(
        "emulator", "The doubles of Tecton and Milvus alone; see docs/emulators.md");
    emulator_app
        ->add_option("--tecton", emulator.tecton_port,
                     "Play Tecton on this port; 0 takes any free one")
        ->envname("HEADRACE_TECTON")
        ->check(CLI::Range(0, 65535))
        ->type_name("PORT");
    emulator_app
        ->add_option("--milvus", emulator.milvus_port,
                     "Play Milvus on this port; 0 takes any free one")
        ->envname("HEADRACE_MILVUS")
        ->check(CLI::Range(0, 65535))
        ->type_name("PORT");
    emulator_app
        ->add_option("--listen", emulator.listen,
                     "The address to listen on; 0.0.0.0 lets others reach it")
        ->envname("HEADRACE_LISTEN")
        ->check(CLI::ValidIPV4)
        ->type_name("ADDRESS")
        ->capture_default_str();
}

CLI::App* add_healthcheck(CLI::App& app, HealthcheckCommand& healthcheck) {
    auto* const command = app.add_subcommand(
        "healthcheck",
        "Ask a running daemon whether it is healthy; for containers without a shell");
    command
        ->add_flag("--ready", healthcheck.ready,
                   "Ask /readyz, whether every route reads and writes, instead of /healthz")
        ->envname("HEADRACE_READY");
    command
        ->add_option("--admin", healthcheck.admin,
                     "Where the daemon answers; default: admin.listen of --config, else "
                     "127.0.0.1:9464")
        ->envname("HEADRACE_ADMIN")
        ->type_name("HOST:PORT");
    command
        ->add_option("--config", healthcheck.config,
                     "The daemon's YAML file; of it only admin.listen is read")
        ->envname("HEADRACE_CONFIG")
        ->type_name("FILE");
    return command;
}

/// One of `route pause|resume|drain NAME`.
CLI::App* add_route_action(CLI::App& route_app, flow::RouteAction action, char const* meaning,
                           RouteCommand& route) {
    auto* const app = route_app.add_subcommand(std::string(flow::to_string(action)), meaning);
    app->add_option("NAME", route.route, "The route's name in the configuration")
        ->required()
        ->type_name("");
    app->fallthrough();
    app->callback([action, &route] { route.action = action; });
    return app;
}

CLI::App* add_route(CLI::App& app, RouteCommand& route) {
    auto* const route_app = app.add_subcommand(
        "route", "Pause, resume or drain one route of a running daemon; see docs/control.md");
    route_app->require_subcommand(1);
    add_control(*route_app, route.control);
    add_route_action(*route_app, flow::RouteAction::pause,
                     "Read no more; finish, settle and commit what was read; stay in the group",
                     route);
    add_route_action(*route_app, flow::RouteAction::resume,
                     "Read on, joining the group again after a drain; probe at once", route);
    add_route_action(*route_app, flow::RouteAction::drain,
                     "Give back what was never sent, commit the rest, leave the group", route);
    return route_app;
}

std::string told_by(CLI::App const& app, CLI::ParseError const& error, bool& is_error) {
    std::ostringstream out;
    std::ostringstream err;
    is_error = app.exit(error, out, err) != 0;
    return is_error ? err.str() : out.str();
}

}  // namespace

CommandLine parse_command_line(int argc, char const* const* argv) {
    return with_grammar([&](CLI::App& app) { app.parse(argc, argv); });
}

CommandLine with_grammar(std::function<void(CLI::App&)> const& use) {
    CLI::App app(about, "headrace");
    app.set_version_flag("--version", std::string("headrace ") + version);
    app.footer(std::string(environment_rule) + "\n" + exit_codes);
    app.require_subcommand(1);

    RunCommand run;
    auto* const run_app = app.add_subcommand("run", "Run until SIGTERM or SIGINT, then drain");
    add_config(*run_app, run.config);

    ValidateCommand validate;
    auto* const validate_app =
        app.add_subcommand("validate", "Check the configuration; tell every error at once");
    add_config(*validate_app, validate.config);
    validate_app
        ->add_flag("--connect", validate.connect, "Also ask the brokers and the destinations")
        ->envname("HEADRACE_CONNECT");

    PrintConfigCommand print;
    auto* const print_app =
        app.add_subcommand("print-config", "Print the effective configuration, secrets masked");
    add_config(*print_app, print.config);

    DemoCommand demo;
    auto* const demo_app = add_demo(app, demo);

    EmulatorCommand emulator;
    add_emulator(app, emulator);

    HealthcheckCommand healthcheck;
    auto* const healthcheck_app = add_healthcheck(app, healthcheck);

    RouteCommand route;
    auto* const route_app = add_route(app, route);
    ReloadCommand reload;
    auto* const reload_app = add_reload(app, reload);
    LogLevelCommand log_level;
    auto* const level_app = add_log_level(app, log_level);

    try {
        use(app);
    } catch (CLI::ParseError const& error) {
        Told told;
        told.text = told_by(app, error, told.is_error);
        told.exit_code = told.is_error ? exit_usage : exit_ok;
        return told;
    }
    if (*run_app) return run;
    if (*validate_app) return validate;
    if (*print_app) return print;
    if (*demo_app) return demo;
    if (*healthcheck_app) return healthcheck;
    if (*route_app) return route;
    if (*reload_app) return reload;
    if (*level_app) return log_level;
    if (emulator.tecton_port < 0 && emulator.milvus_port < 0) {
        return Told{exit_usage, "emulator: say --tecton PORT, --milvus PORT or both\n", true};
    }
    return emulator;
}

}  // namespace headrace::commands
