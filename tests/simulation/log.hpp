// The partitioned log of a world, and what truly became of each record in it: the truth that the
// daemon's counters are held against. It outlives every crash, as do the committed offsets, which
// stand here too. Plain values; who may commit is the group's business.
#pragma once

#include "flow/record.hpp"
#include "flow/sink.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace headrace::simulation {

/// What is wrong with a record, whoever writes it and whenever.
enum class Flaw : std::uint8_t {
    none,       ///< Nothing.
    decode,     ///< It is not what the format promises.
    encode,     ///< It cannot be put into a request.
    write,      ///< The destination refuses it, and the whole request with it.
    oversized,  ///< No request that holds it is small enough.
};

struct LogRecord {
    flow::Offset offset = 0;
    std::int64_t timestamp_ms = 0;
    std::int32_t leader_epoch = 0;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::size_t key_number = 0;  ///< 0: it has no key.
    flow::TargetId target = 0;
    Flaw flaw = Flaw::none;

    bool is_expired = false;  ///< Deleted by retention.
    bool is_applied = false;  ///< The destination has it, whatever it answered.
    bool is_written = false;  ///< The destination's yes was heard.
    bool is_buried = false;   ///< The dead-letter topic's acknowledgement was heard.
    bool is_skipped = false;  ///< A rule, or a later record of its key, took its place.

    [[nodiscard]] bool has_ended() const { return is_written || is_buried || is_skipped; }
};

struct PartitionLog {
    flow::TopicPartition origin;
    std::deque<LogRecord> records;  ///< Addresses stay; offsets ascend and may have gaps.
    flow::Offset begin = 0;
    flow::Offset end = 0;
    std::int32_t leader_epoch = 0;
    std::optional<flow::Offset> committed;
    std::string metadata;

    /// The first record at `offset` or later.
    [[nodiscard]] std::size_t index_of(flow::Offset offset) const;
    [[nodiscard]] std::string name() const {
        return origin.topic + "[" + std::to_string(origin.partition) + "]";
    }
};

class Log {
  public:
    Log(std::size_t partitions, std::size_t topics);

    [[nodiscard]] std::size_t size() const noexcept { return partitions_.size(); }
    [[nodiscard]] PartitionLog& at(std::size_t partition) { return *partitions_[partition]; }
    [[nodiscard]] PartitionLog const& at(std::size_t partition) const {
        return *partitions_[partition];
    }
    [[nodiscard]] std::uint32_t number_of(flow::TopicPartition const* origin) const;

  private:
    std::vector<std::unique_ptr<PartitionLog>> partitions_;
};

}  // namespace headrace::simulation
