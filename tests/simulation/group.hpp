// The broker's side of a consumer group: who is a member of which generation, who owns what, and
// which commits are taken. Eager: everybody gives everything back, then everything is assigned
// anew. Cooperative: only what moves is given back. A commit of another generation is refused;
// ownership is not looked at, as Kafka does not. Thread safety: not thread-safe.
#pragma once

#include "base/result.hpp"
#include "flow/source.hpp"
#include "simulation/history.hpp"
#include "simulation/ledger.hpp"
#include "simulation/log.hpp"
#include "simulation/settings.hpp"

#include <map>
#include <set>
#include <vector>

namespace headrace::simulation {

class Group {
  public:
    /// A member's connection, as the broker sees it.
    class Client {
      public:
        virtual ~Client() = default;
        virtual void assign(std::vector<std::uint32_t> partitions, int generation) = 0;
        /// The group forms anew; the member keeps what it has.
        virtual void rejoin() = 0;
        virtual void revoke(std::vector<std::uint32_t> partitions) = 0;
        /// It is no member any more.
        virtual void lose() = 0;
    };

    static constexpr char const* another_generation = "another generation";

    Group(WorldSettings const& settings, Timeline& timeline, Chance& chance, Log& log,
          History& history)
        : settings_(settings), timeline_(timeline), chance_(chance), log_(log), history_(history) {}

    void join(MemberId id, Client& client);
    /// It says goodbye.
    void leave(MemberId id);
    /// Its connection ended without a word: the session time-out will tell.
    void vanish(MemberId id);
    /// Its session ended; `is_told` unless it knows already.
    void evict(MemberId id, bool is_told);
    void release(MemberId id, std::vector<std::uint32_t> const& partitions);
    /// Assigns anew, so that something moves.
    void rebalance();
    [[nodiscard]] Result<void> commit(MemberId id, int generation,
                                      std::span<flow::CommitPoint const> points);

    [[nodiscard]] bool owns(MemberId id, std::uint32_t partition) const {
        auto const found = members_.find(id);
        return found != members_.end() && found->second.owned.contains(partition);
    }
    [[nodiscard]] bool has(MemberId id) const { return members_.contains(id); }
    /// No rebalance is under way, and none is to come for members that are gone.
    [[nodiscard]] bool is_stable() const;

    // Faults, turned by the world.
    double commit_failures = 0;  ///< Share of commits that are refused for no reason.
    bool refuses_metadata = false;

  private:
    struct Member {
        Client* client = nullptr;  ///< Null: it vanished.
        std::set<std::uint32_t> owned;
        std::set<std::uint32_t> revoking;
    };
    void draw_target();
    void complete();
    void complete_if_ready();
    [[nodiscard]] bool is_waiting() const;

    WorldSettings const& settings_;
    Timeline& timeline_;
    Chance& chance_;
    Log& log_;
    History& history_;
    std::map<MemberId, Member> members_;
    std::map<std::uint32_t, MemberId> target_;
    int generation_ = 0;
    unsigned round_ = 0;
    bool is_rebalancing_ = false;
    bool is_again_wanted_ = false;
};

}  // namespace headrace::simulation
