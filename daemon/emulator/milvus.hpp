// Milvus's REST v2 handler as its contract page describes it, without sockets: a request and the
// time go in, an answer comes out, and what was written can be asked for. Strict by default. Bound
// to a socket by emulator_server. Thread safety: one thread at a time.
#pragma once

#include "emulator/faults.hpp"
#include "emulator/json_tree.hpp"
#include "emulator/milvus_rows.hpp"
#include "emulator/milvus_settings.hpp"
#include "emulator/milvus_store.hpp"
#include "emulator/reply.hpp"
#include "emulator/tallies.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace headrace::emulator {

struct MilvusStats {
    std::uint64_t requests = 0;        ///< All but those to /_emulator/.
    std::uint64_t write_requests = 0;  ///< insert, upsert and delete.
    std::uint64_t rows_received = 0;
    std::uint64_t rows_written = 0;
    std::uint64_t rows_acknowledged = 0;     ///< In requests answered with a whole, true success.
    std::uint64_t unanswered = 0;            ///< Reset or stalled.
    std::uint64_t late_writes = 0;           ///< Done after their answer.
    std::map<int, std::uint64_t> by_status;  ///< Of write requests.
    std::map<std::int64_t, std::uint64_t> by_code;  ///< Of write requests that were judged.
};

/// What a request is about, once its envelope was read.
struct MilvusCall {
    std::string operation;  ///< `upsert`, `describe` …
    JsonNode body;
    std::string database;
    MilvusCollection* collection = nullptr;
    bool int64_as_text = false;
};

/// A failure, or what stands in `data`, and what is to be written.
struct MilvusOutcome {
    MilvusFailure failure;  ///< Code 0: none.
    int status = 200;
    std::string data;   ///< JSON; of writes it is made from `write`.
    std::string extra;  ///< More members of the envelope, as JSON text with a leading comma.
    std::optional<MilvusWrite> write;
    std::vector<std::string> ids;      ///< To be counted, one of each row.
    bool int64_as_text = false;        ///< Of the ids in a write's answer.
    bool key_is_text = false;          ///< VarChar keys are strings in any case.
    std::string idempotency_key;       ///< Remember the answer under it.
    std::optional<std::string> again;  ///< The whole first answer to that idempotency key.
    bool reset = false;                ///< Cut the connection instead.
};

class MilvusEmulator {
  public:
    MilvusEmulator(MilvusSettings settings, Moment start);

    /// Does the work of a request and says what to answer and when. The request counts as in
    /// progress until finish().
    [[nodiscard]] Reply handle(http::ServerRequest const& request, Moment now);
    void finish(Ticket ticket) { in_progress_.finish(ticket); }
    /// Does the late writes that are due; to be called before the store is looked at.
    void settle_late(Moment now);

    [[nodiscard]] FaultSchedule& faults() { return faults_; }
    [[nodiscard]] MilvusSwitches& switches() { return settings_.switches; }
    [[nodiscard]] MilvusSettings const& settings() const { return settings_; }
    [[nodiscard]] MilvusStore const& store() const { return store_; }
    [[nodiscard]] MilvusStats const& stats() const { return stats_; }
    [[nodiscard]] InProgress const& in_progress() const { return in_progress_; }

    /// Adds or replaces; its rows stay.
    void set_collection(MilvusCollection collection);
    bool remove_collection(std::string_view database, std::string_view name);
    /// Replaces the tokens; none means no authorization.
    void set_tokens(std::vector<std::string> tokens, std::vector<std::string> read_only);
    /// Forgets rows, figures, late writes and faults; keeps settings and switches.
    void reset();

  private:
    struct LateWrite {
        TimePoint due;
        bool after_newer = false;
        MilvusWrite write;
        std::vector<std::string> ids;
    };

    [[nodiscard]] Reply answer(http::ServerRequest const& request, std::string_view operation,
                               Moment now);
    [[nodiscard]] MilvusOutcome judge(http::ServerRequest const& request,
                                      std::string_view operation, Result<void> const& parsed,
                                      Moment now);
    [[nodiscard]] bool check_access(http::ServerRequest const& request, bool writes,
                                    MilvusOutcome& outcome) const;
    [[nodiscard]] MilvusOutcome judge_entities(http::ServerRequest const& request,
                                               MilvusCall const& call, Moment now);
    [[nodiscard]] MilvusOutcome judge_rows(http::ServerRequest const& request,
                                           MilvusCall const& call, std::string partition);
    [[nodiscard]] std::optional<MilvusFailure> take_row(JsonNode row, std::size_t number,
                                                        MilvusCall const& call,
                                                        MilvusOutcome& outcome);
    [[nodiscard]] bool is_repeated_insert(http::ServerRequest const& request,
                                          MilvusOutcome& outcome) const;
    [[nodiscard]] MilvusOutcome judge_delete(MilvusCall const& call, std::string partition,
                                             Moment now) const;
    [[nodiscard]] static std::string write_data(MilvusOutcome const& outcome,
                                                std::int64_t count_error);
    void apply_fault(FaultDraw const& draw, http::ServerResponse truth, Reply& reply,
                     Moment now) const;
    void write(MilvusOutcome& outcome, std::optional<Fault> const& fault, Moment now);
    void write_now(MilvusWrite const& write, std::vector<std::string> const& ids, TimePoint now);
    void overtake(MilvusWrite const& newer, TimePoint now);
    [[nodiscard]] std::vector<std::uint64_t> key_hashes(MilvusWrite const& write) const;
    [[nodiscard]] http::ServerResponse envelope(MilvusOutcome const& outcome,
                                                std::int64_t success_code) const;
    [[nodiscard]] MilvusCollection* find_collection(std::string_view database,
                                                    std::string_view name);
    void count_answer(Reply const& reply, MilvusOutcome const& outcome,
                      std::optional<Fault> const& fault);

    MilvusSettings settings_;
    FaultSchedule faults_;
    MilvusStore store_;
    MilvusStats stats_;
    InProgress in_progress_;
    JsonTree tree_;
    std::deque<LateWrite> late_;
    std::unordered_map<std::string, std::string> first_answers_;  ///< By idempotency key.
    std::int64_t next_auto_id_ = 450'000'000'000'000'001;
};

}  // namespace headrace::emulator
