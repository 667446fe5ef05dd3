#include "simulation/world.hpp"

#include <algorithm>
#include <utility>

namespace headrace::simulation {
namespace {

using namespace std::chrono_literals;

/// Longer than any wait that the settings allow together: a Retry-After of ten minutes first.
constexpr Duration end_max = 1h;
constexpr Duration idle_time = 5s;
/// Turns of a consumer thread that has nothing to do: its heartbeats.
constexpr std::uint64_t idle_turns_max = 25;
/// Events at one moment, or at all, beyond which something turns in a circle.
constexpr std::uint64_t spins_max = 200'000;
constexpr std::uint64_t events_max = 20'000'000;

}  // namespace

World::World(std::uint64_t seed, bool keeps_lines)
    : settings_(draw_settings(seed)),
      chance_(seed),
      timeline_(seed ^ 0x71E5),
      history_(timeline_, keeps_lines),
      log_(settings_.partitions, settings_.topics),
      ledger_(settings_, log_, history_),
      group_(settings_, timeline_, chance_, log_, history_),
      destination_(settings_, timeline_, chance_, ledger_, log_, history_) {
    ledger_.ask_owner(
        [this](MemberId id, std::uint32_t partition) { return group_.owns(id, partition); });
}

World::~World() = default;

void World::run() {
    has_topic_ = !settings_.dead_letters.is_absent;
    topic_.answer_max = 10ms;
    plan_records();
    collect_faults();
    start_member();
    plan_fault();
    run_until(timeline_.now() + settings_.chaos);
    mend();
    await("every record to end", end_max, [this] { return has_everything_ended(); });
    auto const written = written_by_member();
    produce_last();
    await("the last records to end", end_max, [this] { return has_everything_ended(); });
    check_idle();
    check_states(written);
    check_drain();
    ledger_.check_last_values();
}

void World::start_member() {
    auto const id = next_member_++;
    history_.note(1, id, [&] { return "member " + std::to_string(id) + " starts"; });
    members_[id] = std::make_unique<Member>(
        Member::World{settings_, timeline_, chance_, log_, ledger_, group_, destination_, topic_,
                      history_, has_topic_,
                      [this](Member& member, bool was_clean) { on_exit(member, was_clean); },
                      kills_},
        id);
}

void World::on_exit(Member& member, bool was_clean) {
    if (must_be_clean_ && !was_clean)
        throw Violation("clean drain", "a drain without faults is not clean");
    // It is still on the stack.
    timeline_.after(0s, [this, id = member.id()] { members_.erase(id); });
    restart_later();
}

void World::restart_later() {
    if (is_ending_) return;
    timeline_.after(is_chaos_ ? chance_.between(0s, 5s) : 10ms, [this] {
        if (!is_ending_) start_member();
    });
}

Member* World::pick_member() {
    if (members_.empty()) return nullptr;
    auto at = members_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(chance_.below(members_.size())));
    return at->second.get();
}

void World::plan_records() {
    std::size_t planned = 0;
    while (planned < settings_.records) {
        auto const burst = std::min(settings_.records - planned, chance_.between(1, 40));
        planned += burst;
        timeline_.after(chance_.between(0s, settings_.chaos), [this, burst] {
            for (std::size_t i = 0; i < burst; ++i) {
                produce(static_cast<std::uint32_t>(chance_.below(log_.size())));
            }
        });
    }
}

/// Of every partition one good record: whatever state a route was left in, it leaves it by these.
void World::produce_last() {
    settings_.record = RecordShape{.keys = settings_.record.keys};
    for (std::uint32_t number = 0; number < log_.size(); ++number) {
        produce(number);
    }
}

void World::produce(std::uint32_t number) {
    auto& partition = log_.at(number);
    if (chance_.happens(settings_.record.gap))
        partition.end += static_cast<flow::Offset>(chance_.between(1, 3));
    partition.records.push_back(make_record(partition, produced_++));
    partition.end = flow::next(partition.records.back().offset);
    // A transaction's end, or what compaction left, stands behind the last record.
    if (chance_.happens(settings_.record.gap)) ++partition.end;
    for (auto& [id, member] : members_) {
        if (!member->process().is_stopped()) member->source().on_produced(number);
    }
}

LogRecord World::make_record(PartitionLog& partition, std::size_t number) {
    auto const& shape = settings_.record;
    LogRecord record;
    record.offset = partition.end;
    record.timestamp_ms = epoch_ms(timeline_.wall());
    record.leader_epoch = partition.leader_epoch;
    record.target = static_cast<flow::TargetId>(chance_.below(settings_.targets));
    if (!chance_.happens(shape.keyless)) {
        record.key_number = 1 + chance_.below(shape.keys);
        record.key = "key-" + std::to_string(record.key_number);
        // One key goes to one target, as the same row stands in one collection.
        record.target = static_cast<flow::TargetId>(record.key_number % settings_.targets);
    }
    record.value = std::to_string(number) + std::string(chance_.below(shape.value_bytes_max), 'v');
    if (chance_.happens(shape.refused_at_decode)) {
        record.flaw = Flaw::decode;
    } else if (chance_.happens(shape.tombstone)) {
        record.value.reset();
    } else if (chance_.happens(shape.refused_at_encode)) {
        record.flaw = Flaw::encode;
    } else if (chance_.happens(shape.refused_at_write)) {
        record.flaw = Flaw::write;
    } else if (settings_.body_bytes_max <= 4096 && chance_.happens(shape.oversized)) {
        record.value->resize(settings_.body_bytes_max + 1, 'v');
    }
    return record;
}

void World::mend() {
    history_.note(2, 0, [] { return std::string("everything is mended"); });
    is_chaos_ = false;
    kills_ = 0;
    destination_.turn(Destination::Mode::healthy);
    destination_.find_targets();
    topic_.is_unusable = false;
    topic_.failures = 0;
    topic_.answer_max = 10ms;
    group_.commit_failures = 0;
    for (auto& [id, member] : members_) {
        if (member->process().is_stopped()) member->process().go_on();
        member->source().commit_delay_max = 0s;
        member->source().commit_answers_lost = 0;
        // A topic is configured at last; that takes a restart.
        if (!has_topic_) member->drain();
    }
    has_topic_ = true;
    resume_later();
}

/// Records that are refused in a row wait for an operator.
void World::resume_later() {
    if (settings_.gate.in_a_row_max == 0) return;
    timeline_.after(10s, [this] {
        if (is_ending_) return;
        for (auto& [id, member] : members_) {
            if (!has_everything_ended()) member->resume();
        }
        resume_later();
    });
}

void World::await(std::string const& what, Duration limit, std::function<bool()> const& is_there) {
    auto const deadline = timeline_.now() + limit;
    while (!is_there()) {
        if (timeline_.now() > deadline || !step())
            throw Violation("stuck", "waiting for " + what + ": " + what_is_left());
    }
}

void World::run_until(TimePoint when) {
    bool is_over = false;
    timeline_.at(when, [&is_over] { is_over = true; });
    while (!is_over) {
        step();
    }
}

bool World::step() {
    if (timeline_.now() != spin_at_) spins_ = 0;
    spin_at_ = timeline_.now();
    if (++spins_ > spins_max || history_.events() > events_max)
        throw Violation("spinning", "events follow each other without end");
    try {
        return timeline_.step();
    } catch (Killed const& killed) {
        kill(killed.id);
        return true;
    }
}

bool World::has_everything_ended() const {
    if (produced_ < settings_.records) return false;
    for (std::size_t number = 0; number < log_.size(); ++number) {
        auto const& partition = log_.at(number);
        auto const& records = partition.records;
        auto const first = partition.index_of(partition.committed.value_or(0));
        for (auto index = first; index < records.size(); ++index) {
            if (!records[index].is_expired) return false;
        }
    }
    for (auto const& [id, member] : members_) {
        if (member->is_draining() || member->source().commits_under_way() != 0) return false;
        if (member->attempts() != 0) return false;
    }
    return !members_.empty() && group_.is_stable();
}

std::string World::what_is_left() const {
    std::string text;
    for (std::size_t number = 0; number < log_.size(); ++number) {
        auto const& partition = log_.at(number);
        text += partition.name() + " is committed at " +
                std::to_string(partition.committed.value_or(-1)) + " of " +
                std::to_string(partition.end) + "; ";
    }
    for (auto const& [id, member] : members_) {
        auto const picture = member->snapshot();
        text += "member " + std::to_string(id) + " is " + std::string(to_string(picture.state)) +
                " with " + std::to_string(picture.in_flight_records) + " records (" +
                std::to_string(picture.in_flight_bytes) + " bytes) open, " +
                std::to_string(member->source().commits_under_way()) + " commits under way; ";
    }
    return text;
}

void World::check_idle() {
    for (std::size_t number = 0; number < log_.size(); ++number) {
        for (auto const& record : log_.at(number).records) {
            if (!record.has_ended() && !record.is_expired)
                throw Violation("no record lost", log_.at(number).name() + " offset " +
                                                      std::to_string(record.offset) +
                                                      " is committed, and its fate is unknown");
        }
    }
    // What was under way ends: lanes look at their fetch buffers once a second.
    run_until(timeline_.now() + idle_time);
    std::map<MemberId, std::pair<std::uint64_t, std::uint64_t>> before;
    for (auto const& [id, member] : members_) {
        before[id] = {member->turns(), member->lane_runs()};
    }
    run_until(timeline_.now() + idle_time);
    for (auto const& [id, member] : members_) {
        auto const turns = member->turns() - before[id].first;
        auto const lane_runs = member->lane_runs() - before[id].second;
        if (turns > idle_turns_max)
            throw Violation("idle", "the consumer thread turns " + std::to_string(turns) +
                                        " times in five idle seconds; " + what_is_left());
        // A timer that was set for what has ended since goes off once.
        if (!member->is_idle() || lane_runs > settings_.lanes)
            throw Violation("idle", "lanes run " + std::to_string(lane_runs) +
                                        " times in five idle seconds; " + what_is_left());
        auto const picture = member->snapshot();
        if (picture.in_flight_records != 0 || picture.in_flight_bytes != 0)
            throw Violation("idle", "something is open, and nothing is left to do");
    }
}

std::map<MemberId, std::uint64_t> World::written_by_member() const {
    std::map<MemberId, std::uint64_t> written;
    for (auto const& [id, member] : members_) {
        written[id] = ledger_.written(id);
    }
    return written;
}

/// Whoever wrote something since everything was mended is not in trouble any more.
void World::check_states(std::map<MemberId, std::uint64_t> const& written_before) const {
    for (auto const& [id, member] : members_) {
        auto const before = written_before.find(id);
        if (before == written_before.end() || ledger_.written(id) == before->second) continue;
        auto const picture = member->snapshot();
        if (picture.state != flow::RouteState::flowing)
            throw Violation("state", "member " + std::to_string(id) + " writes, and is " +
                                         std::string(to_string(picture.state)));
    }
}

void World::check_drain() {
    is_ending_ = true;
    must_be_clean_ = true;
    while (!members_.empty()) {
        auto const id = members_.begin()->first;
        members_.begin()->second->drain();
        await("the last drains", 2min, [this, id] { return !members_.contains(id); });
    }
}

}  // namespace headrace::simulation
