// A partitioned log in memory that plays Kafka's consuming side: assignments, revocations, losses
// and commit answers happen when the test says so. Thread safety: not thread-safe, but for wake().
#pragma once

#include "flow/source.hpp"

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace headrace::fakes {

class MemorySource final : public flow::Source {
  public:
    struct Log {
        flow::TopicPartition origin;
        std::vector<std::pair<std::string, std::optional<std::string>>>
            records;  ///< Key and value by offset.
        flow::Offset position = 0;
        flow::Offset committed = -1;
        std::string metadata;  ///< Of the commit.
        std::string cluster_id;
        std::int32_t leader_epoch = -1;
        bool is_assigned = false;
        bool is_held = false;
        flow::Offset trailing = 0;  ///< Control records behind the last record.
    };
    bool is_closed = false;
    std::optional<Error> start_error;       ///< What start() says, if set.
    bool answers_commits = true;            ///< false: commits stay unanswered.
    bool accepts_commits = true;            ///< false: the group is forming anew.
    std::optional<Error> commit_error;      ///< The answer to commits, if set.
    std::size_t metadata_bytes_max = 4096;  ///< A commit with more is refused as a whole.
    std::vector<flow::Slot> released;
    std::vector<std::vector<flow::CommitPoint>> commits;
    std::size_t prefetch_bytes = 0;
    std::atomic<int> wakes{0};

    /// Adds a partition; its number in this source is its slot.
    flow::Slot add(std::string topic, std::int32_t partition) {
        auto log = std::make_unique<Log>();
        log->origin = {std::move(topic), partition, 1000 + logs_.size()};
        logs_.push_back(std::move(log));
        return static_cast<flow::Slot>(logs_.size() - 1);
    }
    Log& log(flow::Slot slot) { return *logs_[slot]; }
    void produce(flow::Slot slot, std::string key, std::optional<std::string> value) {
        logs_[slot]->records.emplace_back(std::move(key), std::move(value));
    }
    void assign(std::vector<flow::Slot> slots) {
        events_.push_back([this, slots](flow::SourceListener& listener) {
            std::vector<flow::Assigned> assigned;
            for (auto const slot : slots) {
                auto& log = *logs_[slot];
                log.is_assigned = true;
                log.position = std::max<flow::Offset>(log.committed, 0);
                assigned.push_back(
                    {slot, &log.origin,
                     log.committed >= 0 ? std::optional(log.committed) : std::nullopt, log.metadata,
                     log.cluster_id});
            }
            listener.on_assigned(assigned);
        });
    }
    void revoke(std::vector<flow::Slot> slots) {
        events_.push_back([slots](flow::SourceListener& listener) { listener.on_revoking(slots); });
    }
    void lose(std::vector<flow::Slot> slots) {
        events_.push_back([this, slots](flow::SourceListener& listener) {
            for (auto const slot : slots) {
                logs_[slot]->is_assigned = false;
            }
            listener.on_lost(slots);
        });
    }
    void tell(std::function<void(flow::SourceListener&)> event) {
        events_.push_back(std::move(event));
    }

    [[nodiscard]] Result<void> start() override {
        if (start_error) return *start_error;
        is_closed = false;
        return {};
    }
    void serve(flow::SourceListener& listener) override {
        while (!events_.empty()) {
            auto event = std::move(events_.front());
            events_.pop_front();
            event(listener);
        }
    }
    std::size_t read(flow::Slot slot, std::size_t max, std::vector<flow::Record>& out) override {
        auto& log = *logs_[slot];
        std::size_t count = 0;
        while (log.is_assigned && count < max &&
               log.position < static_cast<flow::Offset>(log.records.size())) {
            auto const& [key, value] = log.records[static_cast<std::size_t>(log.position)];
            std::optional<std::string_view> const key_view =
                key.empty() ? std::nullopt : std::optional<std::string_view>(key);
            out.push_back(flow::make_record(log.origin, log.position, key_view, value));
            out.back().timestamp_ms = 1'700'000'000'000;
            out.back().leader_epoch = log.leader_epoch;
            ++log.position;
            ++count;
        }
        return count;
    }
    void hold(flow::Slot slot, bool is_held) override { logs_[slot]->is_held = is_held; }
    [[nodiscard]] std::optional<flow::Offset> position(flow::Slot slot) const override {
        auto const& log = *logs_[slot];
        bool const is_at_end = log.position == static_cast<flow::Offset>(log.records.size());
        return log.position + (is_at_end ? log.trailing : 0);
    }
    [[nodiscard]] bool may_commit() const override { return accepts_commits; }
    void commit(std::span<flow::CommitPoint const> points) override {
        commits.emplace_back(points.begin(), points.end());
        if (!answers_commits) return;
        std::vector<flow::CommitPoint> const copy(points.begin(), points.end());
        auto error = commit_error;
        for (auto const& point : points) {
            if (point.metadata.size() > metadata_bytes_max)
                error = Error{ErrorCode::too_large, "metadata too large"};
        }
        events_.push_back([this, copy, error](flow::SourceListener& listener) {
            for (auto const& point : copy) {
                for (auto& log : logs_) {
                    if (error || &log->origin != point.origin) continue;
                    log->committed = point.offset;
                    log->metadata = point.metadata;
                }
            }
            listener.on_committed(copy, error ? Result<void>(*error) : Result<void>());
        });
    }
    void release(std::span<flow::Slot const> slots) override {
        for (auto const slot : slots) {
            logs_[slot]->is_assigned = false;
            released.push_back(slot);
        }
    }
    [[nodiscard]] flow::PartitionEnd end(flow::Slot slot) const override {
        auto const& log = *logs_[slot];
        return {static_cast<flow::Offset>(log.records.size()) + log.trailing};
    }
    [[nodiscard]] bool close(TimePoint) override {
        is_closed = true;
        events_.clear();
        for (auto& log : logs_) {
            log->is_assigned = false;
        }
        return true;
    }
    void wait(TimePoint) override {}
    void wake() noexcept override { ++wakes; }
    [[nodiscard]] std::size_t prefetch_bytes_max() const noexcept override {
        return prefetch_bytes;
    }

  private:
    std::vector<std::unique_ptr<Log>> logs_;
    std::deque<std::function<void(flow::SourceListener&)>> events_;
};

}  // namespace headrace::fakes
