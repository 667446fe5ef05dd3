#include "simulation/lane_shell.hpp"

#include "simulation/member_source.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace headrace::simulation {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t burst_max = 512;
constexpr Duration detach_interval = 1s;

std::uint64_t place_of(flow::Ticket const& ticket) {
    return mix(mix((std::uint64_t{ticket.slot} << 32U) + ticket.epoch) ^ ticket.sequence);
}

flow::DeliverySettings of_lane(WorldSettings const& settings, std::uint32_t number) {
    auto delivery = settings.delivery;
    delivery.lane = number;
    delivery.seed = settings.seed + number;
    return delivery;
}

}  // namespace

LaneShell::LaneShell(World world, std::shared_ptr<Process> process, Shared& shared,
                     std::uint32_t number)
    : world_(world),
      process_(std::move(process)),
      shared_(shared),
      number_(number),
      sink_(world.settings, world.log, world.ledger),
      link_(world.settings.ring, world.settings.ring),
      delivery_(of_lane(world.settings, number), sink_, shared.gate, stats_, shared.report) {}

void LaneShell::notify() {
    if (link_.is_lane_notified.exchange(true)) return;
    is_posted_ = true;
    process_->later(world_.chance.between(Duration{}, world_.settings.thread_delay), [this] {
        if (std::exchange(is_posted_, false)) run();
    });
}

void LaneShell::hasten() {
    if (std::exchange(is_posted_, false)) run();
}

void LaneShell::run() {
    ++runs_;
    link_.is_lane_notified.store(false);
    auto const at = now();
    std::size_t taken = 0;
    while (taken < burst_max) {
        auto message = link_.inbound.try_pop();
        if (!message) break;
        note_message(*message);
        delivery_.handle(std::move(*message), at);
        ++taken;
    }
    if (at.time >= detach_due_) {
        delivery_.detach_old(at.time);
        detach_due_ = at.time + detach_interval;
    }
    pump();
    if (taken == burst_max) notify();
}

void LaneShell::pump() {
    while (auto attempt = delivery_.next(now())) {
        ++attempts_;
        ++shared_.attempts;
        start(*attempt);
    }
    hand_back();
    arm();
}

void LaneShell::start(flow::Attempt const& attempt) {
    auto const started = world_.timeline.now();
    check_request(attempt);
    check_rate(attempt);
    if (attempt.batch == nullptr) {
        world_.destination.ask(attempt.target, process_,
                               [this, attempt, started](flow::Judgement judgement) {
                                   if (judgement.verdict == flow::Verdict::delivered)
                                       sink_.set_ready(attempt.target);
                                   finish(attempt, std::move(judgement), started);
                               });
        return;
    }
    auto request = make_request(attempt);
    auto const bytes = request.bytes;
    sink_.hold_bytes(bytes, 0);
    world_.destination.send(std::move(request), process_,
                            [this, attempt, started, bytes](flow::Judgement judgement) {
                                sink_.hold_bytes(0, bytes);
                                bool const forgets = world_.settings.destination.forgets_schema &&
                                                     judgement.verdict == flow::Verdict::retry &&
                                                     world_.chance.happens(0.2);
                                if (forgets) sink_.forget(attempt.target);
                                finish(attempt, std::move(judgement), started);
                            });
}

void LaneShell::finish(flow::Attempt const& attempt, flow::Judgement judgement, TimePoint started) {
    auto const at = now();
    if (judgement.retry_after)
        shared_.held_until = std::max(shared_.held_until, at.time + *judgement.retry_after);
    delivery_.finish(attempt, std::move(judgement), at.time - started, at);
    if (auto const present = delivery_.next(at)) {
        hand_back();
        start(*present);
        return;
    }
    --attempts_;
    --shared_.attempts;
    pump();
}

void LaneShell::hand_back() {
    held_bytes_ = sink_.held_bytes();
    auto& outcomes = delivery_.outcomes();
    while (!overflow_.empty() && link_.outbound.try_push(std::move(overflow_.front()))) {
        overflow_.pop_front();
    }
    for (auto& outcome : outcomes) {
        note_outcome(outcome);
        if (!overflow_.empty() || !link_.outbound.try_push(std::move(outcome)))
            overflow_.push_back(std::move(outcome));
    }
    outcomes.clear();
    bool const is_newly_blocked = !overflow_.empty() && !link_.is_outbound_blocked.exchange(true);
    bool const is_idle = overflow_.empty() && delivery_.is_idle();
    link_.is_idle.store(is_idle);
    auto const wake_at = link_.wake_at.load();
    bool const is_wanted =
        wake_at != 0 && link_.outbound.size() >= wake_at && link_.wake_at.exchange(0) != 0;
    bool const is_idle_wanted =
        is_idle && link_.wants_idle_wake.load() && link_.wants_idle_wake.exchange(false);
    if (is_newly_blocked || is_wanted || is_idle_wanted) shared_.wake_consumer();
}

void LaneShell::arm() {
    auto const at = world_.timeline.now();
    auto wake = delivery_.next_wake(at);
    if (attempts_ != 0 && (!wake || *wake > detach_due_)) wake = std::max(detach_due_, at);
    if (!wake || *wake >= armed_for_) return;
    armed_for_ = *wake;
    auto const lateness = world_.chance.between(Duration{}, world_.settings.thread_delay);
    process_->at(std::max(*wake, at) + lateness, [this, wake = *wake] {
        if (armed_for_ != wake) return;
        armed_for_ = TimePoint::max();
        run();
    });
}

void LaneShell::note_message(flow::LaneMessage const& message) {
    using Kind = flow::LaneMessage::Kind;
    auto const& record = message.record;
    if (message.kind == Kind::record) {
        auto const serial = serial_of(record);
        world_.ledger.given_to_lane(serial, record.cost_bytes);
        serials_[place_of(record.ticket)] = serial;
    } else if (message.kind == Kind::drain) {
        is_draining_ = true;
    } else if (message.kind == Kind::revoke) {
        revoked_[record.ticket.slot] = record.ticket.epoch;
    }
}

Request LaneShell::make_request(flow::Attempt const& attempt) {
    Request request;
    request.id = (std::uint64_t{process_->id()} << 32U) + shared_.next_request++;
    request.member = process_->id();
    request.bytes = world_.settings.request.envelope_bytes;
    for (auto const& record : attempt.records) {
        auto const serial = serial_of(record);
        auto const found = serials_.find(place_of(record.ticket));
        if (found == serials_.end() || found->second != serial)
            throw Violation("ticket", world_.ledger.name(serial) + " has another's ticket");
        auto const revoked = revoked_.find(record.ticket.slot);
        if (revoked != revoked_.end() && record.ticket.epoch <= revoked->second)
            throw Violation("sent after revocation", world_.ledger.name(serial) + " is sent");
        auto const partition = world_.log.number_of(record.origin);
        request.records.push_back(
            {serial, partition, world_.log.at(partition).index_of(record.offset), false});
    }
    for (auto const index : attempt.effective) {
        request.records[index].is_effective = true;
        request.bytes += attempt.records[index].encoded_bytes;
    }
    return request;
}

void LaneShell::check_request(flow::Attempt const& attempt) const {
    auto const& settings = world_.settings;
    if (is_draining_) throw Violation("sent while draining", "an attempt is handed out");
    if (world_.timeline.now() < shared_.held_until)
        throw Violation("Retry-After", "a request is sent before it has passed");
    // Besides those with a permit: a probe, and one of each missing target in each lane.
    auto const most = settings.gate.concurrency_max + 1 + 2 * settings.targets * settings.lanes;
    if (shared_.attempts > most)
        throw Violation("concurrency", std::to_string(shared_.attempts) + " requests at once");
    std::map<flow::TargetId, std::size_t> targets;
    std::size_t bytes = settings.request.envelope_bytes;
    for (auto const& record : attempt.records) {
        ++targets[record.target];
        bytes += record.encoded_bytes;
    }
    if (targets.size() > settings.request.targets_max)
        throw Violation("batch", std::to_string(targets.size()) + " targets in one request");
    for (auto const& [target, count] : targets) {
        if (count > settings.delivery.batch_size)
            throw Violation("batch", std::to_string(count) + " records of one target");
    }
    if (attempt.records.size() > 1 && bytes > settings.delivery.batch_bytes)
        throw Violation("batch", std::to_string(bytes) + " bytes in one request");
}

/// Before each request no more was sent than the limits' rates and bursts are worth.
void LaneShell::check_rate(flow::Attempt const& attempt) {
    auto const& rate = world_.settings.gate.rate;
    std::array const limits{rate.requests_per_sec, rate.records_per_sec, rate.bytes_per_sec};
    auto const elapsed = std::chrono::duration<double>(world_.timeline.now() - shared_.started);
    for (std::size_t i = 0; i < limits.size(); ++i) {
        auto const worth = static_cast<double>(limits[i]) * (elapsed.count() + 0.1) + 0.001;
        if (limits[i] != 0 && static_cast<double>(shared_.sent[i]) > worth)
            throw Violation("rate limit", std::to_string(shared_.sent[i]) + " " +
                                              std::string(to_string(flow::RateLimitKind(i))) +
                                              " are sent, and one more request");
    }
    std::uint64_t bytes = attempt.batch == nullptr ? 0 : world_.settings.request.envelope_bytes;
    for (auto const index : attempt.effective) {
        bytes += attempt.records[index].encoded_bytes;
    }
    shared_.sent[0] += 1;
    shared_.sent[1] += attempt.effective.size();
    shared_.sent[2] += bytes;
}

void LaneShell::note_outcome(flow::Outcome const& outcome) {
    auto const found = serials_.find(place_of(outcome.ticket));
    if (found == serials_.end())
        throw Violation("handed back wrongly", "an unknown ticket is handed back");
    if (outcome.fate == flow::Fate::buried && !outcome.burial)
        throw Violation("handed back wrongly", "a burial comes without its record");
    world_.ledger.handed_back(found->second, outcome.fate, is_draining_);
    world_.history.note(51, found->second * 8 + static_cast<std::uint64_t>(outcome.fate), [&] {
        char const* const fates[] = {"written", "tombstone", "superseded",
                                     "revoked", "drained",   "to be buried"};
        return "lane " + std::to_string(number_) + " hands back " +
               world_.ledger.name(found->second) + ": " + fates[static_cast<int>(outcome.fate)];
    });
}

}  // namespace headrace::simulation
