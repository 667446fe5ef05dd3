// A seeded world: it makes the log, the group, the destination and the members, lets faults happen
// for a while, then mends everything and waits until every record has ended, nothing moves any
// more, and a drain ends cleanly. An invariant that does not hold is thrown as a Violation. Two
// runs of one seed are the same. Thread safety: not thread-safe; worlds share nothing.
#pragma once

#include "simulation/member.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace headrace::simulation {

class World {
  public:
    explicit World(std::uint64_t seed, bool keeps_lines);
    ~World();

    /// Throws Violation.
    void run();

    [[nodiscard]] WorldSettings const& settings() const noexcept { return settings_; }
    [[nodiscard]] History const& history() const noexcept { return history_; }
    [[nodiscard]] Timeline const& timeline() const noexcept { return timeline_; }

  private:
    using Fault = std::function<void()>;

    void start_member();
    void restart_later();
    void on_exit(Member& member, bool was_clean);
    [[nodiscard]] Member* pick_member();

    // Records.
    void plan_records();
    void produce(std::uint32_t number);
    void produce_last();
    [[nodiscard]] LogRecord make_record(PartitionLog& partition, std::size_t number);

    // Faults.
    void collect_faults();
    void collect_destination_faults();
    void collect_group_faults();
    void collect_process_faults();
    void plan_fault();
    void turn_destination(Destination::Mode mode);
    void stop_member();
    void kill_member();
    void kill(MemberId id);
    void expire();
    [[nodiscard]] Duration a_while();

    // The end.
    void mend();
    void resume_later();
    void await(std::string const& what, Duration limit, std::function<bool()> const& is_there);
    void run_until(TimePoint when);
    bool step();
    [[nodiscard]] bool has_everything_ended() const;
    [[nodiscard]] std::string what_is_left() const;
    void check_idle();
    [[nodiscard]] std::map<MemberId, std::uint64_t> written_by_member() const;
    void check_states(std::map<MemberId, std::uint64_t> const& written_before) const;
    void check_drain();

    WorldSettings settings_;
    Chance chance_;
    Timeline timeline_;
    History history_;
    Log log_;
    Ledger ledger_;
    Group group_;
    Destination destination_;
    DeadLetterTopic topic_;
    std::map<MemberId, std::unique_ptr<Member>> members_;
    MemberId next_member_ = 1;
    std::vector<Fault> faults_;
    std::size_t produced_ = 0;
    double kills_ = 0;
    bool is_chaos_ = true;
    bool is_ending_ = false;
    bool has_topic_ = true;
    bool must_be_clean_ = false;
    unsigned mode_changes_ = 0;
    TimePoint spin_at_{};
    std::uint64_t spins_ = 0;
};

}  // namespace headrace::simulation
