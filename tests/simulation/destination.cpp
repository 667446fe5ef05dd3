#include "simulation/destination.hpp"

#include <algorithm>
#include <utility>

namespace headrace::simulation {
namespace {

using namespace std::chrono_literals;
using flow::FailureReason;
using flow::Judgement;
using flow::Verdict;

Judgement delivered() {
    return {.verdict = Verdict::delivered};
}
Judgement retry(FailureReason reason, char const* status) {
    return {.verdict = Verdict::retry, .reason = reason, .status = status, .message = "try later"};
}
Judgement refused(char const* status) {
    return {.verdict = Verdict::split,
            .reason = FailureReason::rejected,
            .status = status,
            .message = "a record is refused"};
}
Judgement blocked(flow::BlockScope scope, char const* status) {
    return {.verdict = Verdict::blocked,
            .reason = FailureReason::blocked,
            .scope = scope,
            .status = status,
            .message = "not allowed, or not there"};
}

}  // namespace

void Destination::send(Request request, std::shared_ptr<Process> const& process,
                       OnAnswer on_answer) {
    ledger_.sent(request);
    history_.note(41, request.id, [&] {
        std::string text = "request " + std::to_string(request.id) + " carries";
        for (auto const& sent : request.records) {
            text += " " + ledger_.name(sent.serial) + (sent.is_effective ? "" : " (superseded)");
        }
        return text;
    });
    auto exchange = std::make_shared<Exchange>();
    exchange->request = std::move(request);
    exchange->on_answer = std::move(on_answer);
    arrive(exchange, process);
}

void Destination::ask(flow::TargetId target, std::shared_ptr<Process> const& process,
                      OnAnswer on_answer) {
    history_.note(42, target, [&] { return "target " + std::to_string(target) + " is looked up"; });
    auto exchange = std::make_shared<Exchange>();
    exchange->on_answer = std::move(on_answer);
    if (missing_.contains(target)) {
        return answer(exchange, process, blocked(flow::BlockScope::target, "404"),
                      chance_.between(1ms, 20ms));
    }
    arrive(exchange, process);
}

void Destination::arrive(Handle const& exchange, std::shared_ptr<Process> const& process) {
    process->later(settings_.http_timeout, [this, exchange, process] {
        if (!exchange->is_answered)
            answer(exchange, process, retry(FailureReason::timeout, ""), Duration{});
    });
    timeline_.after(chance_.between(100us, 10ms),
                    [this, exchange, process] { serve(exchange, process); });
}

void Destination::serve(Handle const& exchange, std::shared_ptr<Process> const& process) {
    auto const delay = mode_ == Mode::slow ? chance_.between(10ms, settings_.http_timeout)
                                           : chance_.between(100us, 30ms);
    bool const is_spared = chance_.happens(0.3);
    if (mode_ == Mode::hangs && !is_spared) {
        // Perhaps it is applied, perhaps only when nobody waits for it any more.
        if (chance_.happens(0.5)) {
            timeline_.after(
                chance_.between(Duration{}, 3 * settings_.http_timeout),
                [this, exchange] { apply(exchange, exchange->request.records.size()); });
        }
        return;
    }
    bool const is_faulty = mode_ == Mode::blocks || mode_ == Mode::outage ||
                           (mode_ != Mode::healthy && mode_ != Mode::slow && !is_spared);
    if (is_faulty) return answer(exchange, process, judge_faulty(exchange), delay);
    auto const& request = exchange->request;
    if (has_missing_target(request))
        return answer(exchange, process, blocked(flow::BlockScope::target, "404"), delay);
    if (request.bytes > settings_.body_bytes_max)
        return answer(exchange, process, refused("413"), delay);
    if (has_flaw(request, Flaw::write)) {
        // Some destinations take what stands before the record that they refuse.
        if (chance_.happens(0.3)) {
            auto const bad =
                std::find_if(request.records.begin(), request.records.end(), [&](Sent const& sent) {
                    return log_.at(sent.partition).records[sent.index].flaw == Flaw::write;
                });
            apply(exchange, static_cast<std::size_t>(bad - request.records.begin()));
        }
        return answer(exchange, process, refused("400"), delay);
    }
    timeline_.after(chance_.between(Duration{}, delay / 2),
                    [this, exchange] { apply(exchange, exchange->request.records.size()); });
    answer(exchange, process, delivered(), delay);
}

Judgement Destination::judge_faulty(Handle const& exchange) {
    auto const count = exchange->request.records.size();
    switch (mode_) {
        case Mode::errors:
            if (chance_.happens(0.3)) apply(exchange, count);
            return retry(FailureReason::server_error, "503");
        case Mode::resets:
            apply(exchange, chance_.below(count + 1));
            return retry(FailureReason::connection, "");
        case Mode::throttles: {
            auto judgement = retry(FailureReason::throttled, "429");
            if (chance_.happens(0.6))
                judgement.retry_after = chance_.pick<Duration>({0s, 1s, 5s, 30s, 600s});
            return judgement;
        }
        case Mode::blocks:
            return blocked(flow::BlockScope::destination, "401");
        case Mode::misspeaks:
            apply(exchange, count);
            return retry(FailureReason::bad_response, "200");
        case Mode::refuses:
            return refused("400");
        default:
            return retry(FailureReason::connection, "");
    }
}

void Destination::answer(Handle const& exchange, std::shared_ptr<Process> const& process,
                         Judgement judgement, Duration delay) {
    process->later(delay, [this, exchange, process, judgement = std::move(judgement)]() mutable {
        if (std::exchange(exchange->is_answered, true)) return;
        auto const& request = exchange->request;
        history_.note(43, request.id, [&] {
            return "request " + std::to_string(request.id) + " is answered: " +
                   (judgement.verdict == Verdict::delivered ? "yes" : flow::describe(judgement));
        });
        if (!request.records.empty()) ledger_.answered(request, judgement);
        exchange->on_answer(std::move(judgement));
    });
}

void Destination::apply(Handle const& exchange, std::size_t count) {
    auto const& request = exchange->request;
    if (count == 0 || request.records.empty()) return;
    history_.note(44, request.id, [&] {
        return "the destination applies " + std::to_string(count) + " of request " +
               std::to_string(request.id) + (exchange->is_answered ? ", given up by then" : "");
    });
    ledger_.applied(request, 0, count, exchange->is_answered);
}

bool Destination::has_flaw(Request const& request, Flaw flaw) const {
    return std::any_of(request.records.begin(), request.records.end(), [&](Sent const& sent) {
        return sent.is_effective && log_.at(sent.partition).records[sent.index].flaw == flaw;
    });
}

bool Destination::has_missing_target(Request const& request) const {
    return std::any_of(request.records.begin(), request.records.end(), [&](Sent const& sent) {
        return missing_.contains(log_.at(sent.partition).records[sent.index].target);
    });
}

}  // namespace headrace::simulation
