#include "daemon.hpp"

#include "config/cpu_quota.hpp"
#include "config/diagnostic.hpp"
#include "ops/admin_server.hpp"
#include "ops/control_server.hpp"
#include "ops/rate_limited_log.hpp"
#include "ops/state_log.hpp"
#include "route_runner.hpp"
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
/// How often secrets' files are looked at and suppressed log lines are counted out.
constexpr Duration chores_interval = std::chrono::seconds(1);

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

}  // namespace

struct Daemon::Impl {
    Impl(config::Config loaded, Parts with)
        : config(std::move(loaded)),
          parts(std::move(with)),
          paced_log(parts.log, parts.clock),
          state_log(parts.log),
          admin(parts.io.get_executor(), config.admin, admin_sources(), parts.clock),
          chores(parts.io) {
        if (!parts.service.notify_socket.empty()) {
            service.emplace(parts.io.get_executor(), parts.service, service_sources(), parts.clock);
        }
        if (config.control.socket.empty()) return;
        control.emplace(parts.io.get_executor(), config.control,
                        [this](ops::ControlRequest const& request, ops::ControlReply reply) {
                            command_route(request, std::move(reply));
                        });
    }

    ops::AdminSources admin_sources() {
        ops::AdminSources sources;
        sources.snapshots = [this] { return snapshots(); };
        sources.stalled_loops = [this] { return stalled_loops(); };
        sources.version = version;
        return sources;
    }
    ops::ServiceUnit::Sources service_sources() {
        return {.snapshots = [this] { return snapshots(); },
                .do_loops_beat = [this] { return stalled_loops().empty(); }};
    }
    [[nodiscard]] std::vector<flow::RouteSnapshot> snapshots() const {
        std::vector<flow::RouteSnapshot> out;
        for (auto const& route : routes) {
            out.push_back(route->snapshot());
        }
        return out;
    }
    [[nodiscard]] std::vector<std::string> stalled_loops() const;
    void command_route(ops::ControlRequest const& request, ops::ControlReply reply);
    [[nodiscard]] std::string unknown_route(std::string const& name) const;
    void tell_service();
    void do_chores();
    void on_route_ended();

    config::Config config;
    Parts parts;
    ops::RateLimitedLog paced_log;
    ops::StateLog state_log;
    std::vector<std::unique_ptr<Worker>> workers;
    std::vector<std::unique_ptr<RouteRunner>> routes;
    ops::AdminServer admin;
    std::optional<ops::ControlServer> control;
    std::optional<ops::ServiceUnit> service;
    boost::asio::steady_timer chores;
    bool is_draining = false;
};

Result<std::unique_ptr<Daemon>> Daemon::make(config::Config config, Parts parts) {
    auto impl = std::make_unique<Impl>(std::move(config), std::move(parts));
    for (unsigned i = 0; i < worker_count(impl->config.limits); ++i) {
        impl->workers.push_back(std::make_unique<Worker>(impl->parts.clock, i));
    }
    for (auto const& route : impl->config.routes) {
        auto made = RouteRunner::make(route, impl->config.limits,
                                      {.clock = impl->parts.clock,
                                       .log = impl->parts.log,
                                       .paced_log = impl->paced_log,
                                       .workers = impl->workers,
                                       .on_ended = [raw = impl.get()] { raw->on_route_ended(); }});
        if (!made) return std::move(made).error();
        impl->routes.push_back(std::move(*made));
    }
    return std::unique_ptr<Daemon>(new Daemon(std::move(impl)));
}

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Daemon::~Daemon() {
    impl_->admin.stop();
    impl_->control.reset();
    for (auto& route : impl_->routes) {
        if (!route->has_ended()) route->drain(impl_->parts.clock.now());
    }
    for (auto& route : impl_->routes) {
        route->join();
    }
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
    for (auto& route : impl_->routes) {
        if (auto started = route->start(); !started) return std::move(started).error();
    }
    impl_->parts.log.write(ops::LogLevel::info, "started", "reading and writing",
                           {{"version", std::string_view(version)},
                            {"routes", static_cast<std::int64_t>(impl_->routes.size())},
                            {"workers", static_cast<std::int64_t>(impl_->workers.size())},
                            {"admin_port", static_cast<std::int64_t>(impl_->admin.port())}});
    impl_->tell_service();
    impl_->do_chores();
    return {};
}

void Daemon::drain() {
    if (std::exchange(impl_->is_draining, true)) return;
    auto const deadline = impl_->parts.clock.now() + impl_->config.limits.drain;
    impl_->parts.log.write(ops::LogLevel::info, "draining",
                           "reading has stopped; waiting for requests that were sent");
    for (auto& route : impl_->routes) {
        route->drain(deadline);
    }
    if (impl_->service) impl_->service->draining(deadline);
}

bool Daemon::has_ended() const {
    return std::all_of(impl_->routes.begin(), impl_->routes.end(),
                       [](auto const& route) { return route->has_ended(); });
}

bool Daemon::was_clean() const {
    return std::all_of(impl_->routes.begin(), impl_->routes.end(),
                       [](auto const& route) { return route->was_clean(); });
}

Duration Daemon::drain_time() const noexcept {
    return impl_->config.limits.drain;
}

std::uint16_t Daemon::admin_port() const noexcept {
    return impl_->admin.port();
}

std::vector<flow::RouteSnapshot> Daemon::snapshots() const {
    return impl_->snapshots();
}

std::vector<std::string> Daemon::Impl::stalled_loops() const {
    std::vector<std::string> out;
    auto const now = parts.clock.now();
    for (std::size_t i = 0; i < workers.size(); ++i) {
        if (now - workers[i]->heartbeat().at() > stall_after)
            out.push_back("worker " + std::to_string(i));
    }
    for (auto const& route : routes) {
        bool const is_stalled = !route->has_ended() && now - route->heartbeat().at() > stall_after;
        if (is_stalled) out.push_back("route " + route->name());
    }
    return out;
}

void Daemon::Impl::command_route(ops::ControlRequest const& request, ops::ControlReply reply) {
    auto const found = std::find_if(routes.begin(), routes.end(), [&](auto const& route) {
        return route->name() == request.route;
    });
    if (found == routes.end())
        return reply({.is_done = false, .message = unknown_route(request.route)});
    auto& route = **found;
    if (is_draining || route.has_ended()) {
        return reply({.is_done = false, .message = route.name() + ": the daemon is stopping"});
    }
    parts.log.write(ops::LogLevel::info, "route_command", "asked for by the control socket",
                    {{"route", route.name()}, {"action", flow::to_string(request.action)}});
    // The reply comes on the consumer thread and belongs to this one.
    route.command(request.action, [this, name = route.name(),
                                   reply = std::move(reply)](flow::RouteAnswer const& told) {
        ops::ControlAnswer answer{
            .is_done = told.is_done,
            .message = name + ": " + told.message,
            .records = ops::ControlAnswer::Records{told.open, told.returned, told.is_committed}};
        boost::asio::post(parts.io, [reply, answer] { reply(answer); });
    });
}

std::string Daemon::Impl::unknown_route(std::string const& name) const {
    std::vector<std::string_view> names;
    std::string list;
    for (auto const& route : routes) {
        names.push_back(route->name());
        list += (list.empty() ? "" : ", ") + route->name();
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

void Daemon::Impl::do_chores() {
    for (auto const& secret : config.file_secrets) {
        bool const has_changed = secret->poll([&](std::string const& warning) {
            parts.log.write(ops::LogLevel::warn, "secret_unreadable", warning,
                            {{"key", secret->key()}});
        });
        if (has_changed) {
            parts.log.write(ops::LogLevel::info, "secret_changed",
                            "the new value is used from now on", {{"key", secret->key()}});
            for (auto& route : routes) {
                route->probe_now();
            }
        }
    }
    for (auto const& file : config.fixed_files) {
        bool const has_changed = file->poll([](std::string const&) {});
        if (has_changed) {
            parts.log.write(
                ops::LogLevel::warn, "restart_needed",
                "the file behind this value has changed; it takes effect after a restart",
                {{"key", file->key()}});
        }
    }
    for (auto const& route : routes) {
        route->follow_files();
    }
    state_log.observe(snapshots());
    paced_log.report_suppressed();
    chores.expires_after(chores_interval);
    chores.async_wait([this](boost::system::error_code error) {
        if (!error) do_chores();
    });
}

void Daemon::Impl::on_route_ended() {
    boost::asio::post(parts.io, [this] {
        bool const is_over = std::all_of(routes.begin(), routes.end(),
                                         [](auto const& route) { return route->has_ended(); });
        if (!is_over) return;
        chores.cancel();
        if (control) control->stop();
        if (service) service->stop();
        paced_log.report_suppressed(true);
        parts.on_drained();
    });
}

}  // namespace headrace
