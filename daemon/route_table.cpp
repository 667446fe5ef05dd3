#include "route_table.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace headrace {
namespace {

/// What an operator did to the route of before holds for its new form too.
std::optional<flow::RouteAction> held_by(flow::RouteSnapshot const& before) {
    if (!before.is_paused) return std::nullopt;
    return before.is_drained ? flow::RouteAction::drain : flow::RouteAction::pause;
}

/// How a route is shown between its two forms.
flow::RouteSnapshot between(flow::RouteSnapshot last) {
    last.joined = false;
    last.partitions.clear();
    last.trouble = "the configuration changed: it leaves its group and joins anew";
    return last;
}

}  // namespace

RouteTable::Made RouteTable::make_runner(config::Route const& form) {
    return RouteRunner::make(form, limits_,
                             {.clock = parts_.clock,
                              .log = parts_.log,
                              .paced_log = parts_.paced_log,
                              .workers = parts_.workers,
                              .on_ended = [this] {
                                  // It comes on the consumer thread.
                                  boost::asio::post(parts_.io, [this] { advance(); });
                              }});
}

Result<void> RouteTable::make(config::Config const& config) {
    limits_ = config.limits;
    for (auto const& route : config.routes) {
        auto made = make_runner(route);
        if (!made) return std::move(made).error();
        auto slot = std::make_unique<Slot>();
        slot->name = route.name;
        slot->form = route;
        slot->runner = std::move(*made);
        slots_.push_back(std::move(slot));
    }
    return {};
}

Result<void> RouteTable::start() {
    for (auto& slot : slots_) {
        if (auto started = slot->runner->start(); !started) return std::move(started).error();
        slot->phase = Phase::running;
    }
    return {};
}

void RouteTable::end() {
    is_draining_ = true;
    for (auto& slot : slots_) {
        if (slot->runner && !slot->runner->has_ended()) slot->runner->drain(parts_.clock.now());
    }
    for (auto& slot : slots_) {
        if (slot->runner) slot->runner->join();
    }
}

std::variant<RouteTable::Prepared, std::vector<std::string>> RouteTable::prepare(
    config::ReloadPlan const& plan, config::Config const& next) {
    Prepared prepared;
    std::vector<std::string> faults;
    // The limits stay those of before should anything be wrong.
    auto const before = std::exchange(limits_, next.limits);
    for (auto const& start : plan.starts) {
        auto made = make_runner(next.routes[start.index]);
        auto const usable = made ? (*made)->check() : Result<void>(made.error());
        if (usable) {
            prepared.push_back(std::move(*made));
        } else {
            faults.push_back(usable.error().message);
        }
    }
    limits_ = before;
    if (!faults.empty()) return faults;
    return prepared;
}

void RouteTable::apply(config::ReloadPlan const& plan, config::Config const& next,
                       Prepared prepared) {
    limits_ = next.limits;
    is_applying_ = true;
    for (std::size_t i = 0; i != plan.starts.size(); ++i) {
        auto const& form = next.routes[plan.starts[i].index];
        auto* slot = slot_of(form.name);
        if (slot == nullptr) {
            slot = slots_.emplace_back(std::make_unique<Slot>()).get();
            slot->name = form.name;
        }
        slot->next.emplace(Next{form, std::move(prepared[i]), plan.starts[i].after});
    }
    for (auto const& route : next.routes) {
        auto* const slot = slot_of(route.name);
        if (slot->next) continue;
        auto const before = std::exchange(slot->form.flow.memory_bytes, route.flow.memory_bytes);
        for (std::size_t i = 0; i != slot->form.file_secrets.size(); ++i)
            slot->form.file_secrets[i]->rename(route.file_secrets[i]->key());
        // More is given when everything has its place.
        slot->runner->set_limits(std::min(before, route.flow.memory_bytes), limits_);
        slot->runner->try_again();
    }
    auto const deadline = parts_.clock.now() + limits_.drain;
    auto leaving = plan.removed;
    leaving.insert(leaving.end(), plan.changed.begin(), plan.changed.end());
    for (auto const& name : leaving) {
        auto* const slot = slot_of(name);
        slot->phase = Phase::leaving;
        slot->runner->drain(deadline);
    }
    reorder(next.routes);
    begin_ready();
}

bool RouteTable::is_settled() const {
    return !is_applying_;
}

void RouteTable::drain(TimePoint deadline) {
    if (std::exchange(is_draining_, true)) return;
    for (auto& slot : slots_) {
        slot->next.reset();
        if (slot->phase != Phase::running) continue;
        slot->phase = Phase::leaving;
        slot->runner->drain(deadline);
    }
    post_change();
}

bool RouteTable::has_ended() const {
    return std::all_of(slots_.begin(), slots_.end(), [](auto const& slot) {
        return slot->phase != Phase::running &&
               (slot->phase != Phase::leaving || slot->runner->has_ended());
    });
}

bool RouteTable::was_clean() const {
    return std::all_of(slots_.begin(), slots_.end(), [](auto const& slot) {
        return slot->phase == Phase::leaving ? slot->runner->was_clean() : slot->was_clean;
    });
}

std::vector<config::Route> RouteTable::forms() const {
    std::vector<config::Route> forms;
    for (auto const& slot : slots_) {
        forms.push_back(slot->form);
    }
    return forms;
}

std::vector<std::string> RouteTable::names() const {
    std::vector<std::string> names;
    for (auto const& slot : slots_) {
        names.push_back(slot->name);
    }
    return names;
}

RouteRunner* RouteTable::find(std::string const& name) const {
    for (auto const& slot : slots_) {
        if (slot->name == name && slot->phase == Phase::running && !slot->runner->has_ended())
            return slot->runner.get();
    }
    return nullptr;
}

bool RouteTable::has(std::string const& name) const {
    return std::any_of(slots_.begin(), slots_.end(),
                       [&](auto const& slot) { return slot->name == name; });
}

std::vector<flow::RouteSnapshot> RouteTable::snapshots() const {
    std::vector<flow::RouteSnapshot> out;
    for (auto const& slot : slots_) {
        bool const turns = slot->phase == Phase::running || slot->phase == Phase::leaving;
        if (turns || (slot->runner && slot->phase == Phase::waiting)) {
            out.push_back(slot->runner->snapshot());
        } else if (slot->next) {
            out.push_back(slot->last ? *slot->last : slot->next->runner->snapshot());
        } else {
            continue;
        }
        out.back().is_renewing = slot->is_fresh || (is_applying_ && slot->phase != Phase::running);
    }
    return out;
}

std::vector<std::string> RouteTable::stalled(TimePoint before) const {
    std::vector<std::string> names;
    for (auto const& slot : slots_) {
        bool const turns = slot->phase == Phase::running || slot->phase == Phase::leaving;
        if (turns && !slot->runner->has_ended() && slot->runner->heartbeat().at() < before)
            names.push_back(slot->name);
    }
    return names;
}

void RouteTable::follow_files() {
    for (auto const& slot : slots_) {
        if (slot->phase != Phase::running) continue;
        slot->is_fresh = slot->is_fresh && !slot->runner->snapshot().joined;
        bool has_changed = false;
        for (auto const& secret : slot->form.file_secrets) {
            if (!secret->poll([&](std::string const& warning) {
                    parts_.log.write(ops::LogLevel::warn, "secret_unreadable", warning,
                                     {{"key", secret->key()}});
                }))
                continue;
            has_changed = true;
            parts_.log.write(ops::LogLevel::info, "secret_changed",
                             "the new value is used from now on", {{"key", secret->key()}});
        }
        if (has_changed) slot->runner->probe_now();
        slot->runner->follow_files();
    }
}

void RouteTable::post_change() {
    boost::asio::post(parts_.io, [this] { parts_.on_change(); });
}

/// A consumer thread has ended.
void RouteTable::advance() {
    for (auto& slot : slots_) {
        bool const has_left =
            !is_draining_ && slot->phase == Phase::leaving && slot->runner->has_ended();
        if (has_left) end_of(*slot);
    }
    parts_.on_change();
}

void RouteTable::end_of(Slot& slot) {
    slot.runner->join();
    slot.was_clean = slot.runner->was_clean();
    slot.last = between(slot.runner->snapshot());
    slot.phase = Phase::closing;
    slot.runner->retire([this, name = slot.name] {
        boost::asio::post(parts_.io, [this, name] { on_gone(name); });
    });
}

void RouteTable::on_gone(std::string const& name) {
    auto* const slot = slot_of(name);
    slot->runner.reset();
    slot->phase = Phase::waiting;
    if (is_draining_) return;
    if (!slot->next) std::erase_if(slots_, [&](auto const& other) { return other.get() == slot; });
    begin_ready();
}

void RouteTable::begin_ready() {
    std::vector<std::string> failed;
    for (auto& slot : slots_) {
        if (!may_begin(*slot)) continue;
        begin(*slot);
        if (slot->phase != Phase::running) failed.push_back(slot->name);
    }
    std::erase_if(slots_, [&](auto const& slot) {
        return std::find(failed.begin(), failed.end(), slot->name) != failed.end();
    });
    settle();
}

bool RouteTable::may_begin(Slot const& slot) const {
    if (slot.phase != Phase::waiting || !slot.next) return false;
    return std::none_of(slots_.begin(), slots_.end(), [&](auto const& other) {
        bool const is_here = other->phase == Phase::leaving || other->phase == Phase::closing;
        auto const& after = slot.next->after;
        return is_here && std::find(after.begin(), after.end(), other->name) != after.end();
    });
}

void RouteTable::begin(Slot& slot) {
    auto next = std::move(*std::exchange(slot.next, std::nullopt));
    auto const held = slot.last ? held_by(*slot.last) : std::nullopt;
    if (held) next.runner->begin_with(*held);
    if (auto const started = next.runner->start(); !started) {
        next.runner.reset();
        slot.form.flow.memory_bytes = next.form.flow.memory_bytes;
        bool const is_back = begin_as_before(slot);
        failures_.push_back(started.error().message + (is_back
                                                           ? "; it runs on in its form of before"
                                                           : "; it does not run now"));
        return;
    }
    slot.runner = std::move(next.runner);
    slot.form = std::move(next.form);
    slot.last.reset();
    slot.is_fresh = true;
    slot.phase = Phase::running;
}

/// Everything that could be checked was checked before the old form left: what is left is what
/// the machine has run out of meanwhile.
bool RouteTable::begin_as_before(Slot& slot) {
    if (!slot.last) return false;
    auto made = make_runner(slot.form);
    if (!made) return false;
    if (auto const held = held_by(*slot.last)) (*made)->begin_with(*held);
    if (!(*made)->start()) return false;
    slot.runner = std::move(*made);
    slot.last.reset();
    slot.is_fresh = true;
    slot.phase = Phase::running;
    return true;
}

void RouteTable::settle() {
    if (!is_applying_) return;
    bool const is_over = std::all_of(slots_.begin(), slots_.end(), [](auto const& slot) {
        return slot->phase == Phase::running;
    });
    if (!is_over) return;
    is_applying_ = false;
    for (auto& slot : slots_) {
        slot->runner->set_limits(slot->form.flow.memory_bytes, limits_);
    }
    post_change();
}

/// As the configuration has them; those that leave stand at the end.
void RouteTable::reorder(std::vector<config::Route> const& routes) {
    auto const place = [&](std::unique_ptr<Slot> const& slot) {
        return std::find_if(routes.begin(), routes.end(),
                            [&](config::Route const& route) { return route.name == slot->name; });
    };
    std::stable_sort(slots_.begin(), slots_.end(),
                     [&](auto const& one, auto const& other) { return place(one) < place(other); });
}

RouteTable::Slot* RouteTable::slot_of(std::string const& name) {
    auto const found = std::find_if(slots_.begin(), slots_.end(),
                                    [&](auto const& slot) { return slot->name == name; });
    return found == slots_.end() ? nullptr : found->get();
}

}  // namespace headrace
