// What a lane does with its records, as a state machine without I/O: place, order, batch, send, and
// act on the verdict: settle, retry, halve, hold, bury or give back. The lane feeds it and carries
// out the attempts that it hands out; a simulation can do the same.
//
// A record is always in exactly one place: unready_ or unready_batches_ (its target must be
// prepared first), the order locks' waiting chains, blocked_ (its target is missing), the batcher,
// retrying_ or held_ (a batch that will be sent again), refused_ (refused alone, while that may be
// the configuration's fault), in flight, or handed back through `outcomes`.
//
// Invariants:
//  1. Two records with equal order hashes are never in two attempts at once.
//  2. Every admitted record is handed back in exactly one Outcome.
//  3. While draining no attempt is handed out.
// Thread safety: not thread-safe; lives on the lane's worker thread.
#pragma once

#include "base/backoff.hpp"
#include "base/random.hpp"
#include "flow/batcher.hpp"
#include "flow/gate.hpp"
#include "flow/lane_link.hpp"
#include "flow/lane_stats.hpp"
#include "flow/order_locks.hpp"
#include "flow/report.hpp"
#include "flow/retry_queue.hpp"
#include "flow/sink.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace headrace::flow {

/// What is never in two requests in flight at once.
enum class Order : std::uint8_t {
    key,        ///< Records of one key: the destination's own, else topic, partition and Kafka key.
    partition,  ///< Records of one Kafka partition.
    none,       ///< Nothing.
};

struct DeliverySettings {
    Order order = Order::key;
    std::size_t batch_size = 10;
    std::size_t batch_bytes = 0;
    Duration linger{};
    unsigned max_retries =
        3;  ///< Quick retries; then the batch is held, or its records are buried.
    bool bury_after_retries = false;  ///< `retry.then: dead_letter`.
    Backoff backoff;
    Duration blocked_probe{};      ///< Between tries of a missing target.
    unsigned suspect_after = 0;    ///< Failures alone until a record may be buried; 0: off.
    Duration suspect_time{};       ///< And how long it must have failed alone.
    bool buries_suspects = false;  ///< There is a dead-letter topic.
    std::uint32_t lane = 0;
    std::uint64_t seed = 0;  ///< For jitter.
};

/// One thing to do over the wire. Valid until it is given to finish().
struct Attempt {
    Batch* batch = nullptr;  ///< Null: prepare `target`.
    TargetId target = 0;
    bool is_probe = false;
    Gate::Request request{};  ///< As the gate knows it.
    std::span<Record const> records;
    std::span<std::uint32_t const> effective;
};

class Delivery {
  public:
    struct Now {
        TimePoint time{};
        WallTime wall{};
    };

    Delivery(DeliverySettings settings, Sink& sink, Gate& gate, LaneStats& stats, Report report);
    ~Delivery();

    /// Takes a message from the consumer thread.
    void handle(LaneMessage&& message, Now now);

    /// The next thing to do, if anything may be done now.
    [[nodiscard]] std::optional<Attempt> next(Now now);

    /// Acts on the answer to an attempt that took `duration`.
    void finish(Attempt const& attempt, Judgement judgement, Duration duration, Now now);

    /// When next() may have something although nothing happens until then.
    [[nodiscard]] std::optional<TimePoint> next_wake(TimePoint now);

    /// Lets go of fetch buffers that have been held for a second; to be called about once a second.
    void detach_old(TimePoint now);

    /// Records that are done with, in no particular order; the caller empties it.
    [[nodiscard]] std::vector<Outcome>& outcomes() noexcept { return outcomes_; }

    /// Nothing is in flight and nothing waits.
    [[nodiscard]] bool is_idle() const noexcept;

  private:
    struct BlockedTarget {
        std::deque<std::unique_ptr<Batch>> batches;  ///< Sent and refused; the first is the probe.
        std::deque<Record> records;                  ///< Never sent.
        TimePoint next_probe{};
        bool is_probing = false;

        [[nodiscard]] bool is_empty() const noexcept {
            return batches.empty() && records.empty() && !is_probing;
        }
    };

    /// A target that must be prepared before its records can go.
    struct Preparation {
        TargetId target = 0;
        TimePoint due{};
        unsigned failures = 0;
        bool is_blocked = false;  ///< It was told to the gate as missing.
    };

    /// Where a record would go now.
    struct Spot {
        BlockedTarget* blocked = nullptr;  ///< Its target is missing.
        Batch* batch = nullptr;            ///< Null: one that is to be opened, with this id.
        BatchId id = 0;
    };

    // Admission.
    void admit(Record&& record, Now now);
    void admit_ready(Record&& record, Now now);
    void enqueue(Record&& record, Now now);
    void put_into_batch(Record&& record, Now now);
    [[nodiscard]] Spot spot_for(Record const& record);
    void put(Record&& record, Spot const& spot, Now now);
    void release_waiting(std::uint64_t hash, Now now);
    void admit_unready(Now now);
    void wait_until_ready(Record&& record);
    void want_prepared(TargetId target);
    [[nodiscard]] std::uint64_t order_hash_of(Record const& record) const;

    // What to do next.
    void notice_recovery(Now now);
    [[nodiscard]] bool is_rate_limited(Now now);
    [[nodiscard]] bool has_due(Now now);
    [[nodiscard]] std::optional<Attempt> next_probe(Now now);
    [[nodiscard]] std::optional<Attempt> next_open(Now now);
    [[nodiscard]] std::optional<Attempt> next_prepare(Now now, bool is_probe);
    [[nodiscard]] std::optional<Attempt> next_blocked(Now now);
    [[nodiscard]] BlockedTarget* blocked_to_probe();
    [[nodiscard]] std::unique_ptr<Batch> take_blocked(BlockedTarget& blocked);
    [[nodiscard]] std::optional<Attempt> start(std::unique_ptr<Batch> batch, bool is_probe,
                                               Now now);
    void count_rate(Attempt const& attempt);
    [[nodiscard]] std::optional<TargetId> unready_target(Batch const& batch) const;
    [[nodiscard]] std::unique_ptr<Batch> take_retry(RetryQueue& queue, Now now);
    [[nodiscard]] std::unique_ptr<Batch> take_for_probe(Now now);
    void give_up_permits();

    // Verdicts.
    void note_troubles(Part const& part);
    void finish_prepare(Attempt const& attempt, Judgement const& judgement, Now now);
    void tell_gate(Attempt const& attempt, Judgement const& judgement, bool is_target_only,
                   Duration wait, Duration took, Now now);
    void on_delivered(std::unique_ptr<Batch> batch, Now now);
    void on_retry(std::unique_ptr<Batch> batch, Duration wait, Now now);
    void on_split(std::unique_ptr<Batch> batch, Now now);
    void on_blocked(std::unique_ptr<Batch> batch, bool is_target_only, Now now);
    void separate_targets(Batch& batch);
    void block_target(std::unique_ptr<Batch> batch, Now now);
    void mend_target(TargetId target, Now now);
    void release_target(TargetId target, Now now);
    void block_unsent(TargetId target, BlockedTarget& blocked);
    void end_blocked_probe(TargetId target, Now now);
    [[nodiscard]] BlockedTarget* end_probing(Batch& batch);
    [[nodiscard]] bool may_bury(Judgement const& judgement, TargetId target);
    void bury_unknown(std::unique_ptr<Batch> batch, Now now);
    void bury_unready(Preparation const& preparation, Judgement const& judgement, Now now);
    [[nodiscard]] static FailureReport report_of(Part const& part, Stage stage, std::string reason,
                                                 WallTime wall);
    void bury_part(std::unique_ptr<Batch> batch, std::string_view reason, Now now);
    void bury_alone(std::unique_ptr<Batch> batch, std::string reason, Now now);
    void wait_for_letters(Batch& batch, std::span<Record const> buried);
    void go_on(std::unique_ptr<Batch> batch, Now now);
    void go_on_if_any(std::unique_ptr<Batch> batch, Now now);
    [[nodiscard]] std::unique_ptr<Batch> set_apart(Batch& batch, std::optional<TargetId> target,
                                                   Now now);

    // Records refused alone that are held: see Refusals.
    void hold_refused(std::unique_ptr<Batch> batch, Now now);
    [[nodiscard]] std::unique_ptr<Batch> take_refused();
    void decide_refused(Now now);
    void give_back_refused(std::vector<Record>& out, Now now);
    void release_permit(Batch& batch);
    /// The batch ends: it gives back what it counts for at the gate.
    void retire(Batch& batch, WallTime wall);

    // Records that seem to make the destination fail.
    struct TargetWritten {
        WrittenNames::Name* source = nullptr;
        WrittenNames::Name* place = nullptr;
    };
    [[nodiscard]] TargetWritten& written_of(TargetId target);
    void note_addressed(Batch& batch) const;
    [[nodiscard]] std::uint64_t written_beside(Batch const& batch);
    void note_written(Batch const& batch);
    void note_suspicion(Batch& batch, Now now);
    void clear_suspicion(Batch& batch, WallTime wall);
    [[nodiscard]] bool is_proven(Batch const& batch, Now now);
    void halve(Batch& batch);
    void halve_suspect(std::unique_ptr<Batch> batch, Now now);
    void settle(Record&& record, Fate fate, Now now);
    void hand_back(Record&& record, Fate fate);
    void bury(Record&& record, FailureReport report);
    void refuse(Record&& record, Refusal refusal, Now now);
    void unlock(std::uint64_t hash, Now now);
    void observe_latency(Part const& part, std::span<std::uint32_t const> effective, WallTime wall);

    // Giving back.
    void give_back(Now now);
    [[nodiscard]] bool is_unwanted(Record const& record) const;
    [[nodiscard]] bool return_unwanted(Batch& batch, std::vector<Record>& out) const;
    void return_all(std::vector<Record> records, Now now);
    void forget_preparations(Now now);
    void note_backlog();
    /// Counts bytes of records that begin or cease to wait for a missing target.
    void note_blocked(std::uint64_t more, std::uint64_t less);

    DeliverySettings settings_;
    RequestShape shape_;
    Sink& sink_;
    Gate& gate_;
    Gate::Claim claim_;  ///< This lane's permits.
    LaneStats& stats_;
    Report report_;
    Random random_;

    OrderLocks locks_;
    Batcher batcher_;
    std::deque<Record> unready_;  ///< And what must not pass them.
    boost::unordered_flat_set<std::uint64_t> unready_keys_;
    std::vector<Preparation> to_prepare_;
    std::optional<Preparation> preparing_;
    std::map<TargetId, BlockedTarget> blocked_;  ///< Few.
    RetryQueue retrying_;                        ///< To be sent again; they keep their permits.
    RetryQueue held_;  ///< To be sent again, past max_retries or blocked; without permits.
    std::deque<std::unique_ptr<Batch>> refused_;  ///< The present part of each was refused alone.
    std::vector<std::unique_ptr<Batch>>
        unready_batches_;  ///< Sealed; their target must be prepared again.
    std::vector<std::unique_ptr<Batch>> in_flight_;
    boost::unordered_flat_map<std::uint32_t, std::uint32_t>
        revoked_;  ///< Slot to the last unwanted epoch.
    std::vector<Outcome> outcomes_;
    std::vector<TargetWritten> written_;  ///< By target; the gate owns what it points to.
    std::uint32_t recoveries_seen_ = 0;
    std::uint32_t burials_seen_ = 0;
    std::uint32_t retrials_seen_ = 0;
    bool is_draining_ = false;
};

}  // namespace headrace::flow
