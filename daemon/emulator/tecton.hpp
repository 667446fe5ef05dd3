// Tecton as its documentation describes it, without sockets: a request and the time go in, an
// answer comes out, and what was written can be asked for. contracts: section 10 of the Tecton
// page; strict by default. Bound to a socket by emulator_server. Thread safety: one thread at a
// time.
#pragma once

#include "emulator/faults.hpp"
#include "emulator/json_tree.hpp"
#include "emulator/reply.hpp"
#include "emulator/tallies.hpp"
#include "emulator/tecton_request.hpp"
#include "emulator/tecton_settings.hpp"
#include "emulator/tecton_store.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::emulator {

struct TectonStats {
    std::uint64_t requests = 0;         ///< All but those to /_emulator/.
    std::uint64_t ingest_requests = 0;  ///< With records to be written: no dry runs.
    std::uint64_t dry_runs = 0;
    std::uint64_t records_received = 0;
    std::uint64_t records_written = 0;
    std::uint64_t records_acknowledged = 0;  ///< In requests answered with a whole, true 200.
    std::uint64_t unanswered = 0;            ///< Reset or stalled.
    std::map<int, std::uint64_t> by_status;  ///< Answers to ingest requests and dry runs.
};

class TectonEmulator {
  public:
    TectonEmulator(TectonSettings settings, Moment start);

    /// Does the work of a request and says what to answer and when. The request counts as in
    /// progress until finish().
    [[nodiscard]] Reply handle(http::ServerRequest const& request, Moment now);
    void finish(Ticket ticket) { in_progress_.finish(ticket); }
    /// For the shell, which does the same for every emulator: nothing is late here.
    void settle_late(Moment) {}

    [[nodiscard]] FaultSchedule& faults() { return faults_; }
    [[nodiscard]] TectonSwitches& switches() { return settings_.switches; }
    [[nodiscard]] TectonSettings const& settings() const { return settings_; }
    [[nodiscard]] TectonStore const& store() const { return store_; }
    [[nodiscard]] TectonStats const& stats() const { return stats_; }
    [[nodiscard]] InProgress const& in_progress() const { return in_progress_; }

    /// Adds or replaces by name; what is new for a time is so from `now`.
    void set_workspace(Workspace workspace);
    void set_key(ApiKey key, TimePoint now);
    void set_source(StreamSource source, TimePoint now);
    void set_view(FeatureView view);
    bool remove_workspace(std::string_view name);
    bool remove_key(std::string_view secret);
    /// Removes a stream source; its rows stay.
    bool remove_source(std::string_view name);
    /// Forgets rows, figures and faults; keeps settings and switches.
    void reset();

  private:
    /// A request's true answer and what it would write.
    struct Judged {
        http::ServerResponse answer;
        bool accepted = false;
        std::vector<TectonWrite> writes;
        struct Part {
            std::size_t records = 0;    ///< To be written.
            std::vector<JsonNode> ids;  ///< Theirs.
        };
        std::vector<Part> parts;  ///< As in the request.
    };
    /// The errors found in the records, and how many writes each view would see.
    struct RecordFaults {
        std::vector<RecordError> errors;
        std::map<std::size_t, std::size_t> counts;
    };

    [[nodiscard]] Reply ingest(http::ServerRequest const& request, KeyStyle style, Moment now);
    [[nodiscard]] Judged judge(http::ServerRequest const& request, Result<void> const& parsed,
                               Result<IngestRequest> const& envelope, Moment now) const;
    [[nodiscard]] Result<void> check_access(http::ServerRequest const& request,
                                            IngestRequest const& ingest, Moment now,
                                            int& status) const;
    void judge_records(IngestRequest const& ingest, Moment now, Judged& judged,
                       RecordFaults& faults) const;
    void judge_record(JsonNode record, StreamSource const& source,
                      std::vector<std::size_t> const& views, Moment now, Judged& judged,
                      RecordFaults& faults) const;
    [[nodiscard]] std::string success(IngestRequest const& ingest,
                                      RecordFaults const& faults) const;
    void apply_fault(FaultDraw const& draw, Judged& judged, Reply& reply, Moment now) const;
    void write(IngestRequest const& ingest, Judged const& judged, double share);
    void count_received(IngestRequest const& ingest);

    [[nodiscard]] ApiKey const* find_key(http::ServerRequest const& request, TimePoint now) const;
    [[nodiscard]] StreamSource const* find_source(std::string_view workspace, std::string_view name,
                                                  TimePoint now) const;
    [[nodiscard]] std::vector<std::size_t> views_of(std::string_view source) const;

    TectonSettings settings_;
    std::map<std::string, TimePoint, std::less<>> key_since_;
    std::map<std::string, TimePoint, std::less<>> source_since_;
    FaultSchedule faults_;
    TectonStore store_;
    TectonStats stats_;
    InProgress in_progress_;
    JsonTree tree_;
};

}  // namespace headrace::emulator
