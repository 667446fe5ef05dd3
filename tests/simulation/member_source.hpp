// The consuming side of one simulated member: what librdkafka and kafka/kafka_source are together.
// Answers of the broker come over one connection, in order and late; they are told in serve().
// Reading is edge-triggered, as the real one's. Thread safety: not thread-safe.
#pragma once

#include "flow/source.hpp"
#include "simulation/group.hpp"
#include "simulation/process.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace headrace::simulation {

class MemberSource final : public flow::Source, private Group::Client {
  public:
    struct World {
        WorldSettings const& settings;
        Timeline& timeline;
        Chance& chance;
        Log& log;
        Ledger& ledger;
        Group& group;
        History& history;
    };
    /// What another thread of the process may do while this one is in a call.
    using Interleave = std::function<void()>;

    MemberSource(World world, std::shared_ptr<Process> process, std::function<void()> wake,
                 Interleave interleave);
    ~MemberSource() override;

    [[nodiscard]] Result<void> start() override;
    void serve(flow::SourceListener& listener) override;
    std::size_t read(flow::Slot slot, std::size_t max, std::vector<flow::Record>& out) override;
    [[nodiscard]] std::optional<flow::Offset> position(flow::Slot slot) const override;
    [[nodiscard]] bool may_commit() const override { return !is_joining_; }
    void commit(std::span<flow::CommitPoint const> points) override;
    void release(std::span<flow::Slot const> slots) override;
    [[nodiscard]] flow::PartitionEnd end(flow::Slot slot) const override;
    [[nodiscard]] bool close(TimePoint deadline) override;
    void wait(TimePoint) override {}
    void wake() noexcept override { wake_(); }
    [[nodiscard]] std::size_t prefetch_bytes_max() const noexcept override {
        return world_.settings.prefetch_bytes;
    }

    /// The partition has new records.
    void on_produced(std::uint32_t partition);

    /// Commits sent and not yet answered.
    [[nodiscard]] std::size_t commits_under_way() const noexcept { return commits_under_way_; }

    Duration commit_delay_max{};     ///< Of the way there and of the way back.
    double commit_answers_lost = 0;  ///< Share of commits that are taken and answered by an error.

  private:
    struct Place {
        bool is_used = false;
        bool is_revoking = false;
        std::uint32_t partition = 0;
        std::size_t next = 0;  ///< Index in the partition's log.
        TimePoint revoked_at{};
        unsigned stops_before = 0;
    };
    using Event = std::function<void(flow::SourceListener&)>;
    struct Arrival {
        Event event;
        Timeline::Action on_arrival;
    };

    void assign(std::vector<std::uint32_t> partitions, int generation) override;
    void revoke(std::vector<std::uint32_t> partitions) override;
    void rejoin() override;
    void lose() override;

    void arrive(Event event, Duration delay_max, Timeline::Action on_arrival = {});
    void take_assigned(std::vector<std::uint32_t> const& partitions,
                       flow::SourceListener& listener);
    void take_revoked(std::vector<std::uint32_t> const& partitions, flow::SourceListener& listener);
    void take_lost(flow::SourceListener& listener);
    void tell_expired(flow::SourceListener& listener);
    void answer_commit(std::vector<flow::CommitPoint> const& points, int generation);
    [[nodiscard]] flow::Slot free_slot();
    void drop(flow::Slot slot);
    [[nodiscard]] flow::Record make_record(PartitionLog& partition, std::size_t index,
                                           std::uint64_t serial) const;

    World world_;
    std::shared_ptr<Process> process_;
    std::function<void()> wake_;
    Interleave interleave_;
    std::vector<Place> places_;       ///< By slot.
    std::deque<Arrival> on_the_way_;  ///< From the broker.
    std::deque<Event> inbox_;         ///< Arrived, and not yet served.
    std::deque<Timeline::Action> to_broker_;
    int generation_ = -1;
    std::size_t commits_under_way_ = 0;
    bool is_joining_ = true;  ///< From a JoinGroup request to its answer.
    bool is_closed_ = false;
};

/// The serial under which the world knows a record that a source made.
[[nodiscard]] std::uint64_t serial_of(flow::Record const& record);

}  // namespace headrace::simulation
