#include "simulation/group.hpp"

#include <algorithm>

namespace headrace::simulation {
namespace {

/// Who does not give partitions back within this loses them.
constexpr Duration rebalance_timeout = std::chrono::seconds(60);
constexpr Duration rebalance_delay_max = std::chrono::milliseconds(50);

}  // namespace

void Group::join(MemberId id, Client& client) {
    members_[id].client = &client;
    rebalance();
}

void Group::leave(MemberId id) {
    members_.erase(id);
    history_.note(11, id, [&] { return "member " + std::to_string(id) + " has left the group"; });
    complete_if_ready();
    rebalance();
}

void Group::vanish(MemberId id) {
    auto const found = members_.find(id);
    if (found == members_.end()) return;
    found->second.client = nullptr;
    timeline_.after(settings_.group.session, [this, id] { evict(id, false); });
}

void Group::evict(MemberId id, bool is_told) {
    auto const found = members_.find(id);
    if (found == members_.end()) return;
    auto* const client = found->second.client;
    members_.erase(found);
    history_.note(12, id, [&] { return "member " + std::to_string(id) + " is evicted"; });
    if (is_told && client != nullptr) client->lose();
    complete_if_ready();
    rebalance();
}

void Group::rebalance() {
    if (is_rebalancing_) {
        is_again_wanted_ = true;
        return;
    }
    if (members_.empty()) return;
    is_rebalancing_ = true;
    auto const round = ++round_;
    draw_target();
    history_.note(13, round, [&] { return "a rebalance begins"; });
    for (auto& [id, member] : members_) {
        for (auto const partition : member.owned) {
            if (!settings_.group.is_cooperative || target_[partition] != id)
                member.revoking.insert(partition);
        }
        if (member.client == nullptr) continue;
        if (member.revoking.empty()) {
            member.client->rejoin();
            continue;
        }
        member.client->revoke({member.revoking.begin(), member.revoking.end()});
    }
    timeline_.after(rebalance_timeout, [this, round] {
        if (!is_rebalancing_ || round != round_) return;
        std::vector<MemberId> late;
        for (auto const& [id, member] : members_) {
            if (!member.revoking.empty()) late.push_back(id);
        }
        for (auto const id : late) {
            evict(id, true);
        }
    });
    if (!is_waiting()) complete();
}

void Group::draw_target() {
    target_.clear();
    std::vector<MemberId> ids;
    for (auto const& [id, member] : members_) {
        ids.push_back(id);
    }
    auto const shift = chance_.below(ids.size());
    for (std::uint32_t partition = 0; partition < log_.size(); ++partition) {
        target_[partition] = ids[(partition + shift) % ids.size()];
    }
}

void Group::release(MemberId id, std::vector<std::uint32_t> const& partitions) {
    auto const found = members_.find(id);
    if (found == members_.end()) return;
    for (auto const partition : partitions) {
        found->second.owned.erase(partition);
        found->second.revoking.erase(partition);
    }
    complete_if_ready();
}

void Group::complete_if_ready() {
    if (is_rebalancing_ && !is_waiting()) complete();
}

bool Group::is_stable() const {
    bool const has_vanished = std::any_of(members_.begin(), members_.end(), [](auto const& entry) {
        return entry.second.client == nullptr;
    });
    return !is_rebalancing_ && !is_again_wanted_ && !has_vanished;
}

bool Group::is_waiting() const {
    return std::any_of(members_.begin(), members_.end(),
                       [](auto const& entry) { return !entry.second.revoking.empty(); });
}

void Group::complete() {
    is_rebalancing_ = false;
    ++generation_;
    std::set<std::uint32_t> taken;
    for (auto const& [id, member] : members_) {
        taken.insert(member.owned.begin(), member.owned.end());
    }
    history_.note(14, static_cast<std::uint64_t>(generation_),
                  [&] { return "generation " + std::to_string(generation_) + " begins"; });
    for (auto& [id, member] : members_) {
        std::vector<std::uint32_t> fresh;
        for (auto const& [partition, owner] : target_) {
            if (owner == id && !taken.contains(partition)) fresh.push_back(partition);
        }
        member.owned.insert(fresh.begin(), fresh.end());
        if (member.client != nullptr) member.client->assign(std::move(fresh), generation_);
    }
    if (!std::exchange(is_again_wanted_, false)) return;
    timeline_.after(chance_.between(Duration{}, rebalance_delay_max), [this] { rebalance(); });
}

Result<void> Group::commit(MemberId id, int generation, std::span<flow::CommitPoint const> points) {
    auto const answer = [&](bool is_taken, std::string const& why) {
        history_.note(15, id * 2 + (is_taken ? 1U : 0U), [&] {
            std::string text = "the commit of member " + std::to_string(id) + " (";
            for (auto const& point : points) {
                text += " " + point.origin->topic + "[" + std::to_string(point.origin->partition) +
                        "]=" + std::to_string(point.offset);
            }
            return text + " ) " + (is_taken ? "is taken" : "is refused: " + why);
        });
    };
    if (!members_.contains(id) || generation != generation_) {
        answer(false, another_generation);
        return Error{ErrorCode::kafka, another_generation};
    }
    bool const has_metadata =
        std::any_of(points.begin(), points.end(),
                    [](flow::CommitPoint const& point) { return !point.metadata.empty(); });
    if (refuses_metadata && has_metadata) {
        answer(false, "its metadata is too large");
        return Error{ErrorCode::too_large, "its metadata is too large"};
    }
    if (chance_.happens(commit_failures)) {
        answer(false, "the coordinator is loading");
        return Error{ErrorCode::kafka, "the coordinator is loading"};
    }
    for (auto const& point : points) {
        auto& partition = log_.at(log_.number_of(point.origin));
        partition.committed = point.offset;
        partition.metadata = point.metadata;
    }
    answer(true, "");
    return {};
}

}  // namespace headrace::simulation
