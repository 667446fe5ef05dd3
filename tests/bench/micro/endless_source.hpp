// A source that never ends and costs next to nothing: its partitions hand out the same few values
// again and again under growing offsets, and every commit succeeds. Used by the whole path, so that
// what is measured is the path and not the log behind it. It allocates nothing once it has read.
// Thread safety: not thread-safe.
#pragma once

#include "flow/source.hpp"

#include <string>
#include <vector>

namespace headrace::bench {

class EndlessSource final : public flow::Source {
  public:
    /// `keys` and `values` are dealt out in turn; the value of an offset does not change.
    EndlessSource(std::vector<std::string> keys, std::vector<std::string> values,
                  std::int32_t partitions);

    /// Lets so many more records be read, all partitions together.
    void allow(std::uint64_t records) noexcept { allowed_ += records; }
    [[nodiscard]] std::uint64_t commits() const noexcept { return commits_; }
    [[nodiscard]] std::uint64_t committed_records() const noexcept;

    [[nodiscard]] Result<void> start() override { return {}; }
    void serve(flow::SourceListener& listener) override;
    std::size_t read(flow::Slot slot, std::size_t max, std::vector<flow::Record>& out) override;
    [[nodiscard]] std::optional<flow::Offset> position(flow::Slot slot) const override {
        return partitions_[slot].position;
    }
    [[nodiscard]] bool may_commit() const override { return true; }
    void commit(std::span<flow::CommitPoint const> points) override;
    void release(std::span<flow::Slot const>) override {}
    [[nodiscard]] flow::PartitionEnd end(flow::Slot slot) const override {
        return {partitions_[slot].position};
    }
    [[nodiscard]] bool close(TimePoint) override { return true; }
    void wait(TimePoint) override {}
    void wake() noexcept override {}
    [[nodiscard]] std::size_t prefetch_bytes_max() const noexcept override { return 0; }

  private:
    struct Partition {
        flow::TopicPartition origin;
        flow::Offset position = 0;
        flow::Offset committed = 0;
    };
    std::vector<std::string> const keys_;
    std::vector<std::string> const values_;
    std::vector<Partition> partitions_;
    std::vector<flow::CommitPoint> pending_;  ///< Commits not yet answered.
    std::uint64_t allowed_ = 0;
    std::uint64_t dealt_ = 0;
    std::uint64_t commits_ = 0;
    bool is_assigned_ = false;
};

}  // namespace headrace::bench
