// The consuming side of a route on librdkafka: a member of a consumer group that reads partition by
// partition, commits what it is told, and never makes its thread wait for a broker. Implements
// flow::Source; the intake owns one per route. Reading is edge-triggered: wait() ends when
// something new comes, and does not remember what was left unread. Who got `max` records from
// read() reads again before waiting, unless it leaves them there on purpose. Every record must be
// destroyed before librdkafka's memory is given back: close() waits for that until its deadline,
// then leaves the rest to a thread of its own. The intake destroys its records first. Thread
// safety: every call on the consumer thread, but for wake(). The log sink is called on the consumer
// thread.
#pragma once

#include "base/clock.hpp"
#include "flow/source.hpp"
#include "kafka/log_sink.hpp"
#include "kafka/settings.hpp"

#include <memory>

namespace headrace::kafka {

class KafkaSource final : public flow::Source {
  public:
    KafkaSource(SourceSettings settings, Clock const& clock, LogSink log);
    ~KafkaSource() override;

    /// What start() would find wrong with the settings, without beginning anything.
    [[nodiscard]] Result<void> check() const;
    /// Checks the settings and starts to join, after close() as a new member; everything else
    /// happens in serve().
    [[nodiscard]] Result<void> start() override;
    void serve(flow::SourceListener& listener) override;
    /// Gives nothing of a partition that is being revoked.
    std::size_t read(flow::Slot slot, std::size_t max, std::vector<flow::Record>& out) override;
    void hold(flow::Slot slot, bool is_held) override;
    [[nodiscard]] std::optional<flow::Offset> position(flow::Slot slot) const override;
    [[nodiscard]] bool may_commit() const override;
    void commit(std::span<flow::CommitPoint const> points) override;
    void release(std::span<flow::Slot const> slots) override;
    [[nodiscard]] flow::PartitionEnd end(flow::Slot slot) const override;
    [[nodiscard]] bool close(TimePoint deadline) override;
    /// Sleeps one second at most.
    void wait(TimePoint until) override;
    void wake() noexcept override;
    [[nodiscard]] std::size_t prefetch_bytes_max() const noexcept override;
    [[nodiscard]] std::size_t prefetched_bytes() const override;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::kafka
