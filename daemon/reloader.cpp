#include "reloader.hpp"

#include "config/reload_plan.hpp"

#include <utility>

namespace headrace {
namespace {

/// Faults that are told one by one; the rest is counted.
constexpr std::size_t faults_told_max = 100;

std::string joined(std::vector<std::string> const& lines) {
    std::string text;
    for (std::size_t i = 0; i != lines.size(); ++i) {
        if (i == faults_told_max) {
            return text + "and " + std::to_string(lines.size() - i) +
                   " more: headrace validate tells them all\n";
        }
        text += lines[i] + '\n';
    }
    return text;
}

std::vector<std::string> texts_of(std::vector<config::Diagnostic> const& diagnostics) {
    std::vector<std::string> texts;
    for (auto const& diagnostic : diagnostics) {
        texts.push_back(diagnostic.text());
    }
    return texts;
}

}  // namespace

Reloader::Reloader(config::Config running, Parts parts)
    : parts_(std::move(parts)), running_(std::move(running)) {
    status_.loaded_at = parts_.clock.wall();
}

void Reloader::ask(std::string_view cause, ReloadReply reply) {
    auto const refuse_now = [&](std::string message) {
        parts_.log.write(ops::LogLevel::warn, "reload_refused", message);
        if (reply) reply({.is_done = false, .message = std::move(message)});
    };
    if (is_stopping_) return refuse_now("the daemon is stopping: nothing is reloaded");
    if (!parts_.load) return refuse_now("this daemon runs without a configuration file");
    if (status_.is_reloading) {
        waiting_cause_ = cause;
        if (reply) waiting_.push_back(std::move(reply));
        return;
    }
    if (reply) asking_.push_back(std::move(reply));
    begin(cause);
}

void Reloader::begin(std::string_view cause) {
    status_.is_reloading = true;
    if (parts_.on_begun) parts_.on_begun();
    parts_.log.write(ops::LogLevel::info, "reload_started", "reading the configuration again",
                     {{"cause", cause}});
    auto loaded = parts_.load();
    if (auto* const next = std::get_if<config::Config>(&loaded)) return take(std::move(*next));
    refuse(texts_of(std::get<std::vector<config::Diagnostic>>(loaded)));
}

void Reloader::take(config::Config next) {
    running_.routes = parts_.routes.forms();
    auto const plan = config::plan_reload(running_, next);
    auto prepared = parts_.routes.prepare(plan, next);
    if (auto const* const faults = std::get_if<std::vector<std::string>>(&prepared))
        return refuse(*faults);
    summary_ = config::describe(plan);
    status_.at_restart = plan.at_restart;
    parts_.routes.apply(plan, next, std::get<RouteTable::Prepared>(std::move(prepared)));
    adopt(std::move(next), plan);
    on_routes_changed();
}

/// Everything beside the routes; what is fixed for the process's life stays as it is, so that the
/// next reload names it again.
void Reloader::adopt(config::Config next, config::ReloadPlan const& plan) {
    if (plan.changes_log) {
        parts_.log.set_level(next.log.level);
        parts_.log.set_format(next.log.format);
    }
    next.admin = running_.admin;
    next.control = running_.control;
    next.limits.workers = running_.limits.workers;
    running_ = std::move(next);
    status_.loaded_at = parts_.clock.wall();
}

void Reloader::refuse(std::vector<std::string> const& faults) {
    for (std::size_t i = 0; i != faults.size() && i != faults_told_max; ++i)
        parts_.log.write(ops::LogLevel::error, "config_error", faults[i]);
    parts_.log.write(ops::LogLevel::error, "reload_failed",
                     "the configuration of before stays in use",
                     {{"errors", static_cast<std::uint64_t>(faults.size())}});
    auto const text = joined(faults);
    status_.last_reload = {parts_.clock.wall(), false, text};
    ++status_.failures;
    finish({.is_done = false, .message = text + "the configuration of before stays in use"});
}

void Reloader::on_routes_changed() {
    if (!status_.is_reloading || is_stopping_ || !parts_.routes.is_settled()) return;
    auto const failures = parts_.routes.take_failures();
    if (failures.empty()) return succeed();
    for (auto const& failure : failures)
        parts_.log.write(ops::LogLevel::error, "route_start_failed", failure);
    auto const text = joined(failures);
    status_.last_reload = {parts_.clock.wall(), false, text};
    ++status_.failures;
    finish({.is_done = false, .message = text + "all else of the new configuration is in use"});
}

void Reloader::succeed() {
    auto message = "reloaded: " + summary_;
    parts_.log.write(ops::LogLevel::info, "reloaded", summary_);
    if (auto const later = config::describe_at_restart(status_.at_restart); !later.empty()) {
        parts_.log.write(ops::LogLevel::warn, "restart_needed", later);
        message += '\n' + later;
    }
    status_.last_reload = {parts_.clock.wall(), true, {}};
    ++status_.successes;
    finish({.is_done = true, .message = std::move(message)});
}

void Reloader::finish(ReloadAnswer const& answer) {
    status_.is_reloading = false;
    answer_all(asking_, answer);
    if (parts_.on_ended) parts_.on_ended();
    if (waiting_cause_.empty()) return;
    asking_ = std::exchange(waiting_, {});
    begin(std::exchange(waiting_cause_, {}));
}

void Reloader::stop() {
    is_stopping_ = true;
    ReloadAnswer const stopping{false, "the daemon is stopping: the reload did not end"};
    answer_all(asking_, stopping);
    answer_all(waiting_, stopping);
    waiting_cause_.clear();
}

void Reloader::answer_all(std::vector<ReloadReply>& replies, ReloadAnswer const& answer) {
    for (auto const& reply : std::exchange(replies, {})) {
        reply(answer);
    }
}

}  // namespace headrace
