// The consumer thread's part of a route: it reads from the source, splits records over the lanes,
// tracks what is settled, commits the contiguous prefix, drains revoked partitions, and drains the
// whole at the end. Everything that is Kafka for a route happens here, so that a late commit for a
// partition that was taken away cannot happen. It never waits for a destination.
//
// Invariants:
//  1. Only the contiguous prefix of settled records of a partition is committed, and only while the
//  partition is ours. What is settled beyond it travels in the commit's metadata.
//  2. read = written + dead-lettered + skipped + returned + outstanding, at the end of every step.
//  3. An outcome whose epoch is not the slot's present one changes no count but the bytes.
// Thread safety: step() and what it calls on the consumer thread; drain(), command() and snapshot()
// from any.
#pragma once

#include "flow/burials.hpp"
#include "flow/delivery.hpp"
#include "flow/gate.hpp"
#include "flow/lane_link.hpp"
#include "flow/lane_stats.hpp"
#include "flow/offset_tracker.hpp"
#include "flow/report.hpp"
#include "flow/route_command.hpp"
#include "flow/route_snapshot.hpp"
#include "flow/settled_map.hpp"
#include "flow/source.hpp"
#include "flow/splitter.hpp"

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace headrace::flow {

struct IntakeSettings {
    std::string route;
    std::string destination_type;
    std::vector<std::string> topics;  ///< Known by name: their series exist from the start, with 0.
    Order order = Order::key;
    bool has_own_key = false;  ///< The sink finds the key in the value: one lane only.
    Duration commit_interval{};
    std::size_t uncommitted_records_max = 100000;  ///< Per partition.
    std::size_t memory_bytes = 0;                  ///< This route's share.
    std::size_t batch_size = 10;
    std::size_t batch_bytes = 0;
    Duration revoke_drain{};
    std::uint64_t lane_full_records = Splitter::full_backlog;
    Duration stopped_retry{};  ///< How often a stopped route tries its dead letters again.
};

/// How the intake sees a lane.
struct LaneHandle {
    LaneLink* link = nullptr;
    LaneStats const* stats = nullptr;
    std::function<void()> notify;
    std::function<std::size_t()> held_bytes;
};

class Intake final : private SourceListener, private DeadLettersListener {
  public:
    Intake(IntakeSettings settings, Source& source, DeadLetters* dead_letters, Gate& gate,
           std::vector<LaneHandle> lanes, Report report);

    /// One turn: serve Kafka, take outcomes, read, commit. Returns when the next turn is due at the
    /// latest; `now` if there is more to do.
    [[nodiscard]] TimePoint step(TimePoint now, WallTime wall);

    /// Announces that this thread is about to sleep; false if something came up and step() should
    /// run at once.
    [[nodiscard]] bool prepare_to_sleep();

    /// Begins the drain: give back what was never sent, wait for the rest, commit. Thread safety:
    /// any thread.
    void drain(TimePoint deadline) noexcept;

    /// Asks for what an operator wants; the reply comes from a later step(). Thread safety: any
    /// thread.
    void command(RouteCommand command);

    /// Tries at once the dead letters that stop the route. Thread safety: any thread.
    void try_again() noexcept;

    /// What may change while it runs.
    struct Limits {
        std::size_t memory_bytes = 0;
        std::size_t uncommitted_records_max = 0;
    };
    /// Thread safety: any thread.
    void set_limits(Limits limits);

    /// What the thread that turns the intake has to do with the source, outside of step() because
    /// it may wait.
    enum class SourceCall : std::uint8_t {
        none,   ///< Go on.
        close,  ///< Close it, then call on_left().
        start,  ///< Start it again, then call on_started().
    };
    [[nodiscard]] SourceCall source_call() const noexcept;
    /// The group was left after an operator's drain; `is_closed` as Source::close() said.
    void on_left(bool is_closed);
    /// The source was started again, or could not be.
    void on_started(Result<void> const& started);

    /// The last drain is over: nothing is outstanding and committed, or its time has passed. The
    /// source can be closed.
    [[nodiscard]] bool is_drained() const noexcept {
        return phase_ == Phase::drained && !is_leaving_;
    }
    /// Everything that was sent was resolved and the last commit was confirmed. REQUIRES:
    /// is_drained().
    [[nodiscard]] bool was_clean() const noexcept { return is_clean_; }

    [[nodiscard]] RouteSnapshot snapshot(TimePoint now, WallTime wall) const;

  private:
    enum class Phase : std::uint8_t {
        running,     ///< Reading.
        draining,    ///< Waiting for what was sent.
        committing,  ///< Waiting for the last commit.
        drained,     ///< Done.
        away,        ///< Out of the group after an operator's drain.
    };
    struct Partition {
        TopicPartition const* origin = nullptr;  ///< Null: the slot is free.
        std::uint32_t epoch = 0;
        OffsetTracker tracker;
        std::uint64_t returned =
            0;  ///< Of the open ones, those given back: they will not settle here.
        std::optional<Offset> committed;  ///< Confirmed.
        std::optional<Offset> first;  ///< The first one read, where nothing was committed before.
        std::string committed_map;    ///< The metadata of that commit.
        std::uint64_t settled_then = 0;  ///< tracker.settled() when that map was made.
        struct Request {
            Offset offset = 0;
            std::string map;
            std::uint64_t settled = 0;
        };
        std::optional<Request> requested;  ///< The commit under way.
        std::string cluster_id;
        SettledBefore before;  ///< Settled beyond the commit at which this assignment began.
        bool is_revoking = false;
        bool is_held = false;  ///< Too far ahead: not read for a while, and the source knows.
        Offset end = -1;
        std::int64_t last_timestamp_ms = -1;

        [[nodiscard]] std::uint64_t outstanding() const noexcept {
            return tracker.open() - returned;
        }
    };
    struct Revocation {
        std::vector<Slot> slots;
        TimePoint deadline{};
        bool is_committing = false;
    };

    void on_assigned(std::span<Assigned const> partitions) override;
    void on_revoking(std::span<Slot const> slots) override;
    void on_lost(std::span<Slot const> slots) override;
    void on_committed(std::span<CommitPoint const> points, Result<void> const& result) override;
    void on_expired(TopicPartition const& origin, Offset from, Offset to) override;
    void on_trouble(Error const& error) override;
    void on_recovered() override;
    void on_acknowledged(std::uint64_t token) override;
    void on_failed(std::uint64_t token, Error const& error) override;

    void take_outcomes();
    void take_outcome(Outcome&& outcome, std::uint32_t lane);
    void finish_burial(std::unique_ptr<Burial> burial, bool is_acknowledged);
    [[nodiscard]] Partition* find(Ticket const& ticket);
    void count_skip(std::string_view reason);

    [[nodiscard]] std::size_t outcomes_awaited() const;
    [[nodiscard]] bool read();
    [[nodiscard]] bool may_read();
    std::size_t read_partition(Slot slot, std::size_t room);
    [[nodiscard]] bool may_run_ahead(Slot slot);
    void look_at_trackers();
    [[nodiscard]] std::size_t memory_used(std::size_t held_by_lanes) const;
    void dispatch(Record& record, Slot slot);
    void rewind(Slot slot, Offset to);
    [[nodiscard]] std::size_t ring_room();
    void look_at_lanes();
    void send_to_lane(std::uint32_t lane, LaneMessage&& message);
    void send_to_all(LaneMessage::Kind kind, Ticket ticket);
    void flush_messages();

    void commit(bool is_forced);
    [[nodiscard]] bool is_commit_due() const;
    [[nodiscard]] std::optional<Offset> committable(Slot slot, Partition const& partition) const;
    /// What is to be committed, if that is more than the last commit says.
    [[nodiscard]] std::optional<CommitPoint> due_commit(Slot slot,
                                                        Partition const& partition) const;
    [[nodiscard]] std::string settled_map(Partition const& partition, Offset base) const;
    void inherit_map(Assigned const& assigned, Partition& partition);
    /// Whether `offset` is more than what is committed, or than where reading began.
    [[nodiscard]] static bool is_news(Offset offset, Partition const& partition);
    [[nodiscard]] bool is_committed(Slot slot) const;
    void progress_revocation();
    void free_slot(Slot slot, std::string_view reason);
    void progress_drain();
    void finish_drain();
    void begin_last_drain();

    void take_commands();
    void accept(RouteCommand command);
    [[nodiscard]] std::string refusal(RouteAction action) const;
    void begin_pause();
    void begin_resume();
    void begin_leaving(TimePoint deadline);
    void answer_commands();
    [[nodiscard]] std::optional<RouteAnswer> answer_to(RouteAction action, bool is_late) const;
    [[nodiscard]] std::optional<RouteAnswer> answer_to_pause(bool is_late) const;
    [[nodiscard]] std::optional<RouteAnswer> answer_to_resume(bool is_late) const;
    void answer_all(std::string const& message);
    [[nodiscard]] RouteAnswer answer(bool is_done, std::string message) const;
    [[nodiscard]] bool is_all_committed() const;
    void show_pause(RouteSnapshot& out) const;
    void give_up_burials();
    [[nodiscard]] std::uint64_t outstanding() const;
    void update_rates();
    void note_stopped();
    void explain(BlockingOffset& blocking, Slot slot) const;
    void fill_partitions(RouteSnapshot& out, TimePoint now, WallTime wall) const;
    [[nodiscard]] TimePoint next_turn(bool has_more) const;

    IntakeSettings const settings_;
    Limits limits_;
    Source& source_;
    DeadLetters* dead_letters_;
    Gate& gate_;
    std::vector<LaneHandle> const lanes_;
    Report report_;
    Splitter splitter_;
    Burials burials_;

    TimePoint now_{};
    WallTime wall_{};
    std::vector<Partition> partitions_;  ///< By slot.
    std::vector<Record> scratch_;
    std::vector<std::uint64_t> backlogs_;
    std::vector<bool> touched_;  ///< Lanes that were given something in this step.
    std::vector<std::deque<LaneMessage>> unsent_;  ///< Orders that found no room in a lane's ring.
    Slot cursor_ = 0;
    std::size_t open_bytes_ = 0;
    std::size_t tracker_bytes_ = 0;
    /// As of the last step: a picture may be taken while the source is being closed.
    std::size_t prefetched_bytes_ = 0;
    std::size_t ahead_max_ = 0;         ///< Of one partition, as far as memory allows.
    std::size_t room_bytes_ = 0;        ///< Until the memory is full, as of the last look.
    std::size_t cost_of_late_ = 65536;  ///< Of a record, a running mean; large ones may be first.
    bool is_read_limited_ = false;      ///< Settlements, not Kafka, are what reading waits for.
    std::optional<Revocation> revocation_;
    bool is_commit_under_way_ = false;
    TimePoint commit_due_{};
    TimePoint idle_commit_due_{};  ///< When nothing is open, the commit waits no longer than this.
    bool is_map_accepted_ = true;  ///< The brokers take commits with a map.
    TimePoint adapt_due_{};
    Phase phase_ = Phase::running;
    bool is_clean_ = false;
    TimePoint drain_deadline_{};
    std::atomic<Duration::rep> drain_request_{0};

    std::mutex commands_mutex_;           ///< Guards commands_.
    std::vector<RouteCommand> commands_;  ///< As many as ask at once; the control socket bounds it.
    std::atomic<bool> has_commands_{false};
    std::atomic<bool> is_retry_asked_{false};
    std::vector<RouteCommand> pending_;  ///< Taken and not yet answered; all of one action.
    bool is_paused_ = false;
    bool is_leaving_ = false;        ///< The drain under way is an operator's, not the last.
    bool wants_start_ = false;       ///< Away, and to join again.
    bool is_rejoining_ = false;      ///< Started again, and not yet a member.
    bool has_left_unclean_ = false;  ///< Requests of before may still be under way.
    WallTime paused_since_{};
    std::uint64_t returned_by_drain_ = 0;  ///< Before and, once away, by the last operator's drain.

    RouteSnapshot counts_;  ///< Counters, rates and the Kafka side's state; the rest is filled in
                            ///< by snapshot().
    TimePoint rate_at_{};
    std::uint64_t read_before_ = 0;
    std::uint64_t written_before_ = 0;
    WallTime stopped_since_{};

    mutable std::mutex
        mutex_;  ///< Held during a step and during snapshot(): the sums in a picture always add up.
};

}  // namespace headrace::flow
