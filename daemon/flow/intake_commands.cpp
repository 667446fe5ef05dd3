// The fourth part of the intake: what an operator asks for while the route runs (pause, resume,
// drain), and when it is answered.
#include "flow/intake.hpp"

#include <algorithm>
#include <utility>

namespace headrace::flow {
namespace {

std::string count_of(std::uint64_t records) {
    return std::to_string(records) + (records == 1 ? " record" : " records");
}

}  // namespace

void Intake::command(RouteCommand command) {
    {
        std::lock_guard const lock(commands_mutex_);
        commands_.push_back(std::move(command));
    }
    has_commands_.store(true, std::memory_order_release);
    source_.wake();
}

void Intake::try_again() noexcept {
    is_retry_asked_.store(true, std::memory_order_release);
    source_.wake();
}

void Intake::set_limits(Limits limits) {
    std::lock_guard const lock(mutex_);
    limits_ = limits;
    counts_.memory_limit_bytes = limits.memory_bytes;
}

Intake::SourceCall Intake::source_call() const noexcept {
    if (phase_ == Phase::drained && is_leaving_) return SourceCall::close;
    if (phase_ == Phase::away && wants_start_) return SourceCall::start;
    return SourceCall::none;
}

void Intake::on_left(bool is_closed) {
    std::lock_guard const lock(mutex_);
    phase_ = Phase::away;
    is_leaving_ = false;
    has_left_unclean_ = !is_clean_;
    is_clean_ = is_clean_ && is_closed;
    // The group's and the source's own state belongs to the membership that is over.
    revocation_.reset();
    is_commit_under_way_ = false;
    counts_.joined = false;
    counts_.trouble.clear();
    counts_.is_drained = true;
    returned_by_drain_ = counts_.returned_by_reason["drained"] - returned_by_drain_;
    auto const told = answer_to(RouteAction::drain, false);
    report_(is_clean_ ? Severity::info : Severity::warning, "drained_by_operator", told->message);
}

void Intake::on_started(Result<void> const& started) {
    std::lock_guard const lock(mutex_);
    wants_start_ = false;
    if (!started) {
        report_(Severity::error, "rejoin_failed", started.error().message);
        return answer_all("the group cannot be joined: " + started.error().message +
                          "; the route stays drained");
    }
    phase_ = Phase::running;
    is_paused_ = false;
    is_rejoining_ = true;
    counts_.is_drained = false;
    send_to_all(LaneMessage::Kind::resume, {});
}

void Intake::begin_last_drain() {
    auto const request = drain_request_.load(std::memory_order_acquire);
    bool const is_last_under_way =
        phase_ != Phase::running && phase_ != Phase::away && !is_leaving_;
    if (request == 0 || is_last_under_way) return;
    answer_all("the daemon is stopping");
    drain_deadline_ = TimePoint{Duration{request}};
    wants_start_ = false;
    // A drain that an operator began becomes the last one.
    if (std::exchange(is_leaving_, false)) return;
    phase_ = Phase::draining;
    send_to_all(LaneMessage::Kind::drain, {});
}

void Intake::take_commands() {
    if (is_retry_asked_.load(std::memory_order_relaxed) &&
        is_retry_asked_.exchange(false, std::memory_order_acq_rel)) {
        burials_.retry_now();
    }
    if (!has_commands_.exchange(false, std::memory_order_acq_rel)) return;
    std::vector<RouteCommand> taken;
    {
        std::lock_guard const lock(commands_mutex_);
        taken.swap(commands_);
    }
    for (auto& command : taken) {
        accept(std::move(command));
    }
}

void Intake::accept(RouteCommand command) {
    if (auto const why = refusal(command.action); !why.empty())
        return command.reply(answer(false, why));
    auto const is_other = [&](RouteCommand const& earlier) {
        return earlier.action != command.action;
    };
    if (std::any_of(pending_.begin(), pending_.end(), is_other)) {
        answer_all("route " + std::string(to_string(command.action)) +
                   " came before it was done and took its place");
    }
    switch (command.action) {
        case RouteAction::pause:
            begin_pause();
            break;
        case RouteAction::resume:
            begin_resume();
            break;
        case RouteAction::drain:
            begin_leaving(command.deadline);
            break;
    }
    pending_.push_back(std::move(command));
}

std::string Intake::refusal(RouteAction action) const {
    if (phase_ == Phase::running || phase_ == Phase::away) return {};
    if (!is_leaving_) return "the daemon is stopping";
    if (action == RouteAction::drain) return {};
    return "a drain is under way: ask again when it has ended";
}

void Intake::begin_pause() {
    wants_start_ = false;
    if (std::exchange(is_paused_, true)) return;
    paused_since_ = wall_;
    report_(Severity::info, "paused", "an operator paused the route: it reads no more");
}

void Intake::begin_resume() {
    gate_.resume(now_, wall_);
    burials_.retry_now();
    touched_.assign(touched_.size(), true);
    wants_start_ = phase_ == Phase::away;
    if (wants_start_ || !std::exchange(is_paused_, false)) return;
    report_(Severity::info, "resumed", "an operator resumed the route: it reads on");
}

void Intake::begin_leaving(TimePoint deadline) {
    wants_start_ = false;
    if (phase_ != Phase::running) return;
    begin_pause();
    is_leaving_ = true;
    is_rejoining_ = false;
    phase_ = Phase::draining;
    drain_deadline_ = deadline;
    returned_by_drain_ = counts_.returned_by_reason["drained"];
    send_to_all(LaneMessage::Kind::drain, {});
}

void Intake::answer_commands() {
    if (counts_.joined) is_rejoining_ = false;
    if (pending_.empty()) return;
    std::vector<RouteCommand> left;
    for (auto& command : std::exchange(pending_, {})) {
        if (auto answer = answer_to(command.action, now_ >= command.deadline)) {
            command.reply(std::move(*answer));
        } else {
            left.push_back(std::move(command));
        }
    }
    pending_ = std::move(left);
}

std::optional<RouteAnswer> Intake::answer_to(RouteAction action, bool is_late) const {
    if (action == RouteAction::pause) return answer_to_pause(is_late);
    if (action == RouteAction::resume) return answer_to_resume(is_late);
    // A drain keeps its own deadline: it ends by leaving the group, cleanly or not.
    if (phase_ != Phase::away) return std::nullopt;
    auto told = answer(is_clean_, "");
    told.returned = returned_by_drain_;
    told.message = is_clean_ ? "drained: " + count_of(told.returned) +
                                   " given back, everything sent is resolved and committed, and "
                                   "the group was left until route resume"
                             : "drained, but not cleanly: limits.drain_secs was not enough for "
                               "every request, the last commit and leaving the group; what is "
                               "open is read and written again";
    return told;
}

std::optional<RouteAnswer> Intake::answer_to_pause(bool is_late) const {
    if (phase_ == Phase::away) return answer(true, "paused: it was drained before");
    auto const open = outstanding();
    if (open == 0 && is_all_committed())
        return answer(true, "paused: everything that was read is settled and committed");
    if (!is_late) return std::nullopt;
    std::string why = burials_.stopped().value_or(gate_.state(now_).reason);
    if (why.empty()) why = counts_.trouble;
    auto text = open == 0 ? std::string("paused, but the last commit is not confirmed")
                          : "paused, but " + count_of(open) +
                                " that it had read still open: requests go on, and route drain "
                                "gives back what was never sent";
    return answer(false, why.empty() ? text : text + ". The route says: " + why);
}

std::optional<RouteAnswer> Intake::answer_to_resume(bool is_late) const {
    bool const is_away = phase_ == Phase::away || is_rejoining_;
    if (!is_away) return answer(true, "resumed: it reads on");
    if (!is_late) return std::nullopt;
    return answer(false, "resumed, but the group is not joined yet; it goes on trying" +
                             (counts_.trouble.empty() ? "" : ": " + counts_.trouble));
}

void Intake::answer_all(std::string const& message) {
    for (auto const& command : std::exchange(pending_, {})) {
        command.reply(answer(false, message));
    }
}

RouteAnswer Intake::answer(bool is_done, std::string message) const {
    return {.is_done = is_done,
            .message = std::move(message),
            .open = outstanding(),
            .returned = 0,
            .is_committed = is_all_committed()};
}

/// A pause hides what is wrong with a destination that nothing waits for.
void Intake::show_pause(RouteSnapshot& out) const {
    if (!is_paused_) return;
    bool const is_in_trouble =
        out.state != RouteState::flowing && out.state != RouteState::throttled;
    if (is_in_trouble && outstanding() != 0) return;
    out.state = RouteState::paused;
    out.since = paused_since_;
    bool const is_out = counts_.is_drained || is_leaving_;
    out.reason = is_out ? "drained by an operator: out of its group until route resume"
                        : "paused by an operator: it reads no more until route resume";
}

}  // namespace headrace::flow
