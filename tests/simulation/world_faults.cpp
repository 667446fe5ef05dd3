// The part of a world that makes trouble: which faults there are, and when they come and go.
#include "simulation/world.hpp"

#include <algorithm>
#include <iterator>

namespace headrace::simulation {
namespace {

using namespace std::chrono_literals;

/// Faults in the time of chaos, in the mean.
constexpr int faults_mean = 12;
/// So many members of one world may be started at most, whatever ends them.
constexpr MemberId members_ever_max = 40;

}  // namespace

void World::collect_faults() {
    collect_destination_faults();
    collect_group_faults();
    collect_process_faults();
    if (settings_.jumps_wall) {
        faults_.emplace_back([this] {
            timeline_.jump_wall(chance_.pick<Duration>({-24h, -1h, -1s, 1s, 1h, 24h * 365}));
        });
    }
    auto const& letters = settings_.dead_letters;
    if (letters.is_slow) topic_.answer_max = 3s;
    if (letters.fails) topic_.failures = 0.3;
    if (letters.refuses) {
        faults_.emplace_back([this] {
            topic_.is_unusable = true;
            timeline_.after(a_while(), [this] { topic_.is_unusable = false; });
        });
    }
}

void World::collect_destination_faults() {
    using Mode = Destination::Mode;
    auto const& faults = settings_.destination;
    std::pair<bool, Mode> const modes[] = {{faults.slow, Mode::slow},
                                           {faults.errors, Mode::errors},
                                           {faults.resets, Mode::resets},
                                           {faults.hangs, Mode::hangs},
                                           {faults.throttles, Mode::throttles},
                                           {faults.blocks, Mode::blocks},
                                           {faults.outages, Mode::outage},
                                           {faults.misspeaks, Mode::misspeaks},
                                           {faults.refuses_at_random, Mode::refuses}};
    for (auto const& [is_there, mode] : modes) {
        if (!is_there) continue;
        // Twice, so that it is not drowned by the others.
        for (int i = 0; i < 2; ++i) {
            faults_.emplace_back([this, mode = mode] { turn_destination(mode); });
        }
    }
    if (faults.loses_targets) {
        faults_.emplace_back([this] {
            auto const target = static_cast<flow::TargetId>(chance_.below(settings_.targets));
            history_.note(3, target,
                          [&] { return "target " + std::to_string(target) + " is missing"; });
            destination_.lose_target(target);
            timeline_.after(a_while(), [this] { destination_.find_targets(); });
        });
    }
    if (faults.blocks || faults.loses_targets) {
        faults_.emplace_back([this] {
            if (auto* const member = pick_member(); member != nullptr) member->probe_now();
        });
    }
}

void World::turn_destination(Destination::Mode mode) {
    char const* const names[] = {"healthy",    "slow",     "failing", "resetting",   "hanging",
                                 "throttling", "blocking", "out",     "misspeaking", "refusing"};
    history_.note(4, static_cast<std::uint64_t>(mode), [&] {
        return std::string("the destination is ") + names[static_cast<int>(mode)];
    });
    destination_.turn(mode);
    auto const change = ++mode_changes_;
    timeline_.after(a_while(), [this, change] {
        if (change == mode_changes_) destination_.turn(Destination::Mode::healthy);
    });
}

void World::collect_group_faults() {
    auto const& faults = settings_.group;
    if (faults.moves) faults_.emplace_back([this] { group_.rebalance(); });
    if (faults.evicts) {
        faults_.emplace_back([this] {
            if (auto* const member = pick_member(); member != nullptr)
                group_.evict(member->id(), true);
        });
    }
    if (faults.members_max > 1) {
        faults_.emplace_back([this] {
            if (members_.size() < settings_.group.members_max && next_member_ < members_ever_max)
                start_member();
        });
    }
    group_.refuses_metadata = faults.refuses_metadata;
    if (faults.fails_commits) group_.commit_failures = 0.3;
    if (faults.is_slow_to_commit || faults.loses_commit_answers) {
        faults_.emplace_back([this] {
            auto* const member = pick_member();
            if (member == nullptr) return;
            auto const& group = settings_.group;
            if (group.is_slow_to_commit)
                member->source().commit_delay_max = chance_.pick<Duration>({0s, 200ms, 5s});
            if (group.loses_commit_answers)
                member->source().commit_answers_lost = chance_.pick({0.0, 0.5});
        });
    }
    if (faults.expires) faults_.emplace_back([this] { expire(); });
}

void World::collect_process_faults() {
    auto const& faults = settings_.group;
    if (faults.pauses) faults_.emplace_back([this] { stop_member(); });
    if (faults.crashes) {
        faults_.emplace_back([this] { kill_member(); });
        kills_ = 0.0005;
    }
    if (faults.drains) {
        faults_.emplace_back([this] {
            auto* const member = pick_member();
            if (member != nullptr && next_member_ < members_ever_max) member->drain();
        });
    }
}

void World::plan_fault() {
    if (faults_.empty()) return;
    timeline_.after(chance_.between(Duration{}, 2 * settings_.chaos / faults_mean), [this] {
        if (!is_chaos_) return;
        faults_[chance_.below(faults_.size())]();
        plan_fault();
    });
}

void World::stop_member() {
    auto* const member = pick_member();
    if (member == nullptr || member->process().is_stopped()) return;
    auto const id = member->id();
    auto const session = settings_.group.session;
    auto const length = chance_.pick<Duration>({session / 20, session / 2, 2 * session});
    history_.note(5, id, [&] { return "member " + std::to_string(id) + " is stopped"; });
    member->process().stop();
    auto const is_still_stopped = [this, id, stops = member->process().stops()] {
        auto const found = members_.find(id);
        return found != members_.end() && found->second->process().is_stopped() &&
               found->second->process().stops() == stops;
    };
    timeline_.after(session, [this, id, is_still_stopped] {
        if (is_still_stopped()) group_.evict(id, true);
    });
    timeline_.after(length, [this, id, is_still_stopped] {
        if (!is_still_stopped()) return;
        history_.note(6, id, [&] { return "member " + std::to_string(id) + " goes on"; });
        members_.at(id)->process().go_on();
    });
}

void World::kill_member() {
    if (auto* const member = pick_member(); member != nullptr) kill(member->id());
}

void World::kill(MemberId id) {
    history_.note(7, id, [&] { return "member " + std::to_string(id) + " is killed"; });
    members_.erase(id);
    if (next_member_ >= members_ever_max) kills_ = 0;
    restart_later();
}

/// Retention deletes the oldest records of a partition, read or not.
void World::expire() {
    auto const number = chance_.below(log_.size());
    auto& partition = log_.at(number);
    auto const first = partition.index_of(partition.begin);
    if (first == partition.records.size()) return;
    auto const count =
        chance_.between(1, std::min<std::size_t>(partition.records.size() - first, 5));
    for (auto index = first; index < first + count; ++index) {
        partition.records[index].is_expired = true;
    }
    partition.begin = flow::next(partition.records[first + count - 1].offset);
    history_.note(8, number, [&] {
        return partition.name() + " begins at " + std::to_string(partition.begin) + " now";
    });
}

Duration World::a_while() {
    return chance_.between(1ms, settings_.chaos / 4);
}

}  // namespace headrace::simulation
