// A member's part in the group's rebalances: finds where new partitions begin before it takes them,
// has the listener drain what the group wants back before it gives it, and forgets what is lost.
// Internal to this folder; one per ConsumerClient. Invariants: 1. between a rebalance event and our
// answer to it librdkafka sends no other one, but for a loss. 2. A partition's queue is cut off
// from the main queue before the partition is assigned. Thread safety: belongs to the consumer
// thread.
#pragma once

#include "base/clock.hpp"
#include "kafka/answer_box.hpp"
#include "kafka/consumer_client.hpp"
#include "kafka/look_ups.hpp"
#include "kafka/settings.hpp"
#include "kafka/slot_table.hpp"
#include "kafka/trouble.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace headrace::kafka {

class GroupMembership {
  public:
    struct Parts {
        ConsumerClient& client;
        SlotTable& slots;
        Troubles& troubles;
        std::shared_ptr<AnswerBox> answers;
        SourceSettings const& settings;
        Clock const& clock;
    };
    explicit GroupMembership(Parts parts);
    ~GroupMembership();
    GroupMembership(GroupMembership const&) = delete;
    GroupMembership& operator=(GroupMembership const&) = delete;

    void on_rebalance(rd_kafka_event_t* event, flow::SourceListener& listener);

    /// The answer to the commit of first positions.
    void on_first_commit(Result<void> const& result, flow::SourceListener& listener);

    /// Notices partitions that are lost while they are being drained.
    void serve(flow::SourceListener& listener);

    void release(std::span<flow::Slot const> slots);

    /// The client broke: every partition is lost.
    void lose_all(flow::SourceListener& listener);

    /// The client is closing: gives everything back without asking anybody.
    void abandon();

  private:
    struct Assigning {
        std::uint64_t number = 0;
        std::vector<PartitionName> names;
        std::optional<StartAnswer> answer;  ///< Set while its first positions are being committed.
    };
    struct Revoking {
        Handle<rd_kafka_topic_partition_list_t> list;
        std::vector<flow::Slot> open;  ///< Not released yet.
    };

    void on_assign(rd_kafka_topic_partition_list_t const* list, flow::SourceListener& listener);
    void on_revoke(rd_kafka_topic_partition_list_t const* list, flow::SourceListener& listener);
    void ask_starts(std::chrono::milliseconds delay);
    void on_starts(std::uint64_t number, StartAnswer answer, flow::SourceListener& listener);
    void take(StartAnswer const& answer, flow::SourceListener& listener);
    void give_back(rd_kafka_topic_partition_list_t const* list);
    void cancel_assigning();
    void drop(flow::Slot slot);
    [[nodiscard]] bool is_cooperative() const;

    Parts parts_;
    std::optional<Assigning> assigning_;
    std::optional<Revoking> revoking_;
    std::uint64_t last_number_ = 0;
    /// The number of the look-up that is still wanted; read by its job. Its owner is this object
    /// and the job.
    std::shared_ptr<std::atomic<std::uint64_t>> wanted_;
};

}  // namespace headrace::kafka
