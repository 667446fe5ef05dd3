#include "daemon.hpp"

#include "config/cpu_quota.hpp"
#include "config/diagnostic.hpp"
#include "config/document.hpp"
#include "config/file_change.hpp"
#include "config/kafka_settings.hpp"
#include "config/load.hpp"
#include "config/named_files.hpp"
#include "folder_watch.hpp"
#include "ops/admin_server.hpp"
#include "ops/control_server.hpp"
#include "ops/rate_limited_log.hpp"
#include "ops/state_log.hpp"
#include "reloader.hpp"
#include "route_table.hpp"
#include "version.hpp"
#include "worker.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>

namespace headrace {
namespace {

/// A loop that has not gone round for so long counts as frozen.
constexpr Duration stall_after = std::chrono::seconds(10);
/// How often files are looked at and suppressed log lines are counted out.
constexpr Duration chores_interval = std::chrono::seconds(1);
/// The same after something changed in a folder, and while a file has not settled.
constexpr Duration settle_interval = std::chrono::milliseconds(100);

std::string read_text(char const* path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

unsigned worker_count(config::Limits const& limits) {
    if (limits.workers) return *limits.workers;
    auto const quota = config::read_cpu_quota("/sys/fs/cgroup", read_text("/proc/self/cgroup"));
    return config::workers_auto(quota, std::thread::hardware_concurrency());
}

/// The configuration's file as it is now.
config::FileChange::Content read_config(std::string const& path) {
    if (path.empty()) return std::string();
    return config::read_small_file(path, config::file_bytes_max);
}

}  // namespace

struct Daemon::Impl {
    Impl(config::Config loaded, Parts with)
        : parts(std::move(with)),
          paced_log(parts.log, parts.clock),
          state_log(parts.log),
          routes({.io = parts.io,
                  .clock = parts.clock,
                  .log = parts.log,
                  .paced_log = paced_log,
                  .workers = workers,
                  .on_change = [this] { on_routes_changed(); }}),
          config_change(read_config(parts.config_file)),
          reloader(std::move(loaded), reloader_parts()),
          admin(parts.io.get_executor(), reloader.running().admin, admin_sources(), parts.clock),
          chores(parts.io),
          folders(parts.io.get_executor(), [this] { look_soon(); }) {
        if (!parts.service.notify_socket.empty()) {
            service.emplace(parts.io.get_executor(), parts.service, service_sources(), parts.clock);
        }
        auto const& settings = reloader.running().control;
        if (settings.socket.empty()) return;
        control.emplace(parts.io.get_executor(), settings,
                        [this](ops::ControlRequest const& request, ops::ControlReply reply) {
                            command(request, std::move(reply));
                        });
    }

    Reloader::Parts reloader_parts() {
        return {.clock = parts.clock,
                .log = parts.log,
                .routes = routes,
                .load = parts.config_file.empty() ? std::function<config::Loaded()>()
                                                  : [this] { return load_again(); },
                .on_begun = [this] { tell_reloading(true); },
                .on_ended = [this] { tell_reloading(false); }};
    }
    ops::AdminSources admin_sources() {
        ops::AdminSources sources;
        sources.snapshots = [this] { return routes.snapshots(); };
        sources.stalled_loops = [this] { return stalled_loops(); };
        sources.version = version;
        sources.config = [this] { return reloader.status(); };
        return sources;
    }
    ops::ServiceUnit::Sources service_sources() {
        return {.snapshots = [this] { return routes.snapshots(); },
                .do_loops_beat = [this] { return stalled_loops().empty(); }};
    }
    [[nodiscard]] config::Loaded load_again();
    [[nodiscard]] std::vector<std::string> stalled_loops() const;
    void command(ops::ControlRequest const& request, ops::ControlReply reply);
    void command_route(ops::ControlRequest const& request, ops::ControlReply reply);
    void command_reload(ops::ControlReply reply);
    void command_log_level(ops::LogLevel level, ops::ControlReply const& reply);
    [[nodiscard]] std::string unknown_route(std::string const& name) const;
    void tell_service();
    void tell_reloading(bool is_reloading);
    void do_chores();
    void look_at_files();
    [[nodiscard]] std::string changed_kafka_files(std::vector<config::Route> const& forms);
    void look_soon();
    void wait_for_chores(Duration interval);
    void on_routes_changed();

    Parts parts;
    ops::RateLimitedLog paced_log;
    ops::StateLog state_log;
    std::vector<std::unique_ptr<Worker>> workers;
    RouteTable routes;
    config::FileChange config_change;
    config::FileChange kafka_files_change{std::string()};
    std::string kafka_files_used;  ///< Their stamp when the routes began.
    Reloader reloader;
    ops::AdminServer admin;
    std::optional<ops::ControlServer> control;
    std::optional<ops::ServiceUnit> service;
    boost::asio::steady_timer chores;
    FolderWatch folders;
    bool is_draining = false;
    bool is_over = false;
};

Result<std::unique_ptr<Daemon>> Daemon::make(config::Config config, Parts parts) {
    auto impl = std::make_unique<Impl>(std::move(config), std::move(parts));
    auto const& running = impl->reloader.running();
    for (unsigned i = 0; i < worker_count(running.limits); ++i) {
        impl->workers.push_back(std::make_unique<Worker>(impl->parts.clock, i));
    }
    if (auto made = impl->routes.make(running); !made) return std::move(made).error();
    return std::unique_ptr<Daemon>(new Daemon(std::move(impl)));
}

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Daemon::~Daemon() {
    impl_->admin.stop();
    impl_->control.reset();
    impl_->routes.end();
    for (auto& worker : impl_->workers) {
        worker->stop();
    }
}

Result<void> Daemon::start() {
    if (auto bound = impl_->admin.start(); !bound) return std::move(bound).error();
    if (impl_->control) {
        if (auto made = impl_->control->start(); !made) return std::move(made).error();
    }
    for (auto& worker : impl_->workers) {
        worker->start();
    }
    if (auto started = impl_->routes.start(); !started) return std::move(started).error();
    impl_->parts.log.write(ops::LogLevel::info, "started", "reading and writing",
                           {{"version", std::string_view(version)},
                            {"routes", impl_->routes.names().size()},
                            {"workers", impl_->workers.size()},
                            {"admin_port", static_cast<std::int64_t>(impl_->admin.port())}});
    impl_->tell_service();
    impl_->do_chores();
    return {};
}

void Daemon::drain() {
    if (std::exchange(impl_->is_draining, true)) return;
    impl_->parts.log.write(ops::LogLevel::info, "draining",
                           "reading has stopped; waiting for requests that were sent");
    impl_->reloader.stop();
    auto const deadline = impl_->parts.clock.now() + drain_time();
    impl_->routes.drain(deadline);
    if (impl_->service) impl_->service->draining(deadline);
}

void Daemon::reload(std::string_view cause) {
    impl_->reloader.ask(cause);
}

bool Daemon::has_ended() const {
    return impl_->routes.has_ended();
}

bool Daemon::was_clean() const {
    return impl_->routes.was_clean();
}

Duration Daemon::drain_time() const noexcept {
    return impl_->reloader.running().limits.drain;
}

std::uint16_t Daemon::admin_port() const noexcept {
    return impl_->admin.port();
}

std::vector<flow::RouteSnapshot> Daemon::snapshots() const {
    return impl_->routes.snapshots();
}

ops::ConfigStatus const& Daemon::config_status() const noexcept {
    return impl_->reloader.status();
}

config::Loaded Daemon::Impl::load_again() {
    // What changes after this look is another change.
    config_change.note(read_config(parts.config_file));
    return config::load_file(parts.config_file, config::Environment::system());
}

std::vector<std::string> Daemon::Impl::stalled_loops() const {
    std::vector<std::string> out;
    auto const limit = parts.clock.now() - stall_after;
    for (std::size_t i = 0; i < workers.size(); ++i) {
        if (workers[i]->heartbeat().at() < limit) out.push_back("worker " + std::to_string(i));
    }
    for (auto const& name : routes.stalled(limit)) {
        out.push_back("route " + name);
    }
    return out;
}

void Daemon::Impl::command(ops::ControlRequest const& request, ops::ControlReply reply) {
    switch (request.command) {
        case ops::ControlCommand::route:
            return command_route(request, std::move(reply));
        case ops::ControlCommand::reload:
            return command_reload(std::move(reply));
        case ops::ControlCommand::log_level:
            return command_log_level(request.level, reply);
    }
}

void Daemon::Impl::command_route(ops::ControlRequest const& request, ops::ControlReply reply) {
    auto* const route = routes.find(request.route);
    if (!routes.has(request.route))
        return reply({.is_done = false, .message = unknown_route(request.route)});
    if (is_draining || route == nullptr) {
        auto const why = is_draining ? ": the daemon is stopping"
                                     : ": a reload takes it down or begins it anew: ask again "
                                       "when that has ended";
        return reply({.is_done = false, .message = request.route + why});
    }
    parts.log.write(ops::LogLevel::info, "route_command", "asked for by the control socket",
                    {{"route", route->name()}, {"action", flow::to_string(request.action)}});
    // The reply comes on the consumer thread and belongs to this one.
    route->command(request.action, [this, name = route->name(),
                                    reply = std::move(reply)](flow::RouteAnswer const& told) {
        ops::ControlAnswer answer{
            .is_done = told.is_done,
            .message = name + ": " + told.message,
            .records = ops::ControlAnswer::Records{told.open, told.returned, told.is_committed}};
        boost::asio::post(parts.io, [reply, answer] { reply(answer); });
    });
}

void Daemon::Impl::command_reload(ops::ControlReply reply) {
    reloader.ask("the control socket", [reply = std::move(reply)](ReloadAnswer const& told) {
        reply({.is_done = told.is_done, .message = told.message});
    });
}

void Daemon::Impl::command_log_level(ops::LogLevel level, ops::ControlReply const& reply) {
    parts.log.set_level(level);
    std::string const name(ops::to_string(level));
    parts.log.write(ops::LogLevel::info, "log_level", "asked for by the control socket",
                    {{"level", name}});
    reply({.is_done = true,
           .message = "log level " + name + ": until log.level changes, or the next restart"});
}

std::string Daemon::Impl::unknown_route(std::string const& name) const {
    auto const known = routes.names();
    std::vector<std::string_view> const names(known.begin(), known.end());
    std::string list;
    for (auto const& other : known) {
        list += (list.empty() ? "" : ", ") + other;
    }
    return "there is no route " + config::in_quotes(name) + config::did_you_mean(name, names) +
           "; this daemon has: " + list;
}

void Daemon::Impl::tell_service() {
    if (!service) return;
    if (auto const started = service->start(); !started) {
        parts.log.write(ops::LogLevel::warn, "service_untold",
                        started.error().message + "; systemd is told nothing");
    }
}

void Daemon::Impl::tell_reloading(bool is_reloading) {
    if (service) service->reloading(is_reloading);
}

void Daemon::Impl::do_chores() {
    look_at_files();
    state_log.observe(routes.snapshots());
    paced_log.report_suppressed();
    bool const is_settling = config_change.is_settling() || kafka_files_change.is_settling();
    wait_for_chores(is_settling ? settle_interval : chores_interval);
}

void Daemon::Impl::look_at_files() {
    if (is_draining) return;
    routes.follow_files();
    auto running = reloader.running();
    running.routes = routes.forms();
    auto cause = changed_kafka_files(running.routes);
    for (auto const& file : reloader.running().fixed_files) {
        if (file->poll([](std::string const&) {})) cause = "a file behind " + file->key();
    }
    if (parts.config_file.empty()) return;
    if (config_change.look(read_config(parts.config_file))) cause = "its file has changed";
    if (!cause.empty()) reloader.ask(cause);
    folders.follow(config::folders_of(parts.config_file, running));
}

/// librdkafka reads them once: a route whose files say something else begins anew.
std::string Daemon::Impl::changed_kafka_files(std::vector<config::Route> const& forms) {
    auto const environment = config::Environment::system();
    std::string used;
    std::string present;
    for (auto const& form : forms) {
        used += form.source.files_stamp;
        present += config::stamp_of_files(form.source.properties, environment);
    }
    if (std::exchange(kafka_files_used, used) != used) kafka_files_change.note(used);
    return kafka_files_change.look(present) ? "a file of kafka.properties has changed" : "";
}

void Daemon::Impl::look_soon() {
    auto const soon = boost::asio::steady_timer::clock_type::now() + settle_interval;
    if (chores.expiry() > soon) wait_for_chores(settle_interval);
}

void Daemon::Impl::wait_for_chores(Duration interval) {
    chores.expires_after(interval);
    chores.async_wait([this](boost::system::error_code error) {
        if (!error) do_chores();
    });
}

void Daemon::Impl::on_routes_changed() {
    reloader.on_routes_changed();
    if (!is_draining || is_over || !routes.has_ended()) return;
    is_over = true;
    chores.cancel();
    if (control) control->stop();
    if (service) service->stop();
    paced_log.report_suppressed(true);
    parts.on_drained();
}

}  // namespace headrace
