// What the world itself knows of every record that a member read: the oracle. It is told what goes
// over each boundary (read, given to a lane, sent, answered, handed back, buried, committed) and
// throws a Violation when an invariant does not hold. It trusts nothing that the daemon counts: a
// record is settled when the world has seen why.
//
// Invariants that it checks, by name:
//   commit past an open record      every record below a commit is settled in this assignment, or
//                                   was when the assignment began
//   commit of another's partition   a member commits only what it owns
//   commit goes back                a commit is never below the one before
//   read ahead                      no partition is read further than uncommitted_records_max
//                                   beyond its first open record
//   map of an open record           the map in a commit names settled records only
//   order                           an earlier record of the same key (or partition) is settled, or
//                                   stands before it in the same request
//   two in flight                   the same key (or partition) is never in two requests at once
//   handed back wrongly             a lane gives each record back once, with the fate that it had
//   buried without cause            a dead letter has a record that was refused alone, or whose
//                                   retries are used up; never for throttling or a block
// Thread safety: not thread-safe.
#pragma once

#include "flow/lane_link.hpp"
#include "flow/settled_map.hpp"
#include "flow/source.hpp"
#include "flow/verdict.hpp"
#include "simulation/history.hpp"
#include "simulation/log.hpp"
#include "simulation/settings.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace headrace::simulation {

using MemberId = std::uint32_t;
using Serial = std::uint64_t;  ///< Numbers readings, from 1 on.

/// One record in a request.
struct Sent {
    Serial serial = 0;
    std::uint32_t partition = 0;
    std::size_t index = 0;      ///< In the partition's log.
    bool is_effective = false;  ///< Not superseded by a later one of the request.
};

struct Request {
    std::uint64_t id = 0;
    MemberId member = 0;
    std::vector<Sent> records;
    std::size_t bytes = 0;
};

class Ledger {
  public:
    Ledger(WorldSettings const& settings, Log& log, History& history)
        : settings_(settings), log_(log), history_(history) {}

    /// Who owns a partition in the eyes of the group.
    void ask_owner(std::function<bool(MemberId, std::uint32_t)> is_owner) {
        is_owner_ = std::move(is_owner);
    }

    // What the source tells.
    void assigned(MemberId member, std::uint32_t partition, flow::Assigned const& assigned);
    void revoking(MemberId member, std::uint32_t partition);
    void unassigned(MemberId member, std::uint32_t partition);
    [[nodiscard]] bool owns(MemberId member, std::uint32_t partition) const;
    [[nodiscard]] Serial read(MemberId member, std::uint32_t partition, std::size_t index);
    void committing(MemberId member, flow::CommitPoint const& point);

    // What the lane and its sink tell.
    void given_to_lane(Serial serial, std::uint32_t cost_bytes);
    void skipped(Serial serial);
    void refused(Serial serial);
    void sent(Request const& request);
    void answered(Request const& request, flow::Judgement const& judgement);
    void handed_back(Serial serial, flow::Fate fate, bool is_draining);

    // What the dead-letter topic and the destination tell.
    void letter_acknowledged(Serial serial);
    void applied(Request const& request, std::size_t first, std::size_t count, bool is_late);

    void gone(MemberId member);  ///< Its process ended.

    [[nodiscard]] std::string name(Serial serial) const;
    [[nodiscard]] LogRecord& record(Serial serial);
    [[nodiscard]] std::uint64_t reads(MemberId member) const;
    [[nodiscard]] std::uint64_t written(MemberId member) const;
    /// What the records cost that lanes have taken and not given back.
    [[nodiscard]] std::size_t lane_bytes(MemberId member) const;
    [[nodiscard]] std::size_t requests_in_flight(MemberId member) const;
    /// Where the settled prefix of what the member read of the partition ends, if there is one.
    [[nodiscard]] std::optional<flow::Offset> settled_up_to(MemberId member,
                                                            std::uint32_t partition) const;

    /// At the end: the last value of every key is the one that the destination kept.
    void check_last_values() const;

  private:
    struct Reading {
        MemberId member = 0;
        std::uint32_t partition = 0;
        std::size_t index = 0;
        std::size_t assignment = 0;
        std::uint64_t order_group = 0;
        std::uint64_t request = 0;  ///< In flight.
        std::uint32_t cost_bytes = 0;
        unsigned strikes = 0;  ///< Answers that count as retries.
        unsigned failures_alone = 0;
        bool is_in_lane = false;
        bool is_written = false;
        bool is_superseded = false;
        bool is_skipped = false;
        bool is_refused = false;  ///< Before any request.
        bool was_refused_alone = false;
        bool is_acknowledged = false;  ///< Its dead letter.
        bool is_handed_back = false;
        bool is_inherited = false;  ///< The commit at which reading began says it is settled.

        [[nodiscard]] bool is_done() const {
            return is_written || is_superseded || is_skipped || is_acknowledged || is_inherited;
        }
    };
    struct Assignment {
        MemberId member = 0;
        std::uint32_t partition = 0;
        std::size_t first = 0;    ///< Index of the first record that it may read.
        std::size_t checked = 0;  ///< Records before this index are committed.
        std::size_t settled = 0;  ///< Records before this index are settled; not kept up to date.
        std::size_t ahead = 0;    ///< Of those from there on, how many were read.
        flow::Offset committed = -1;
        std::vector<Serial> serials;  ///< By index, from first; 0: not read.
        std::vector<flow::OffsetRange> inherited;
        bool is_revoking = false;
        bool is_over = false;

        [[nodiscard]] Serial serial_at(std::size_t index) const {
            return index >= first && index - first < serials.size() ? serials[index - first] : 0;
        }
        [[nodiscard]] bool inherits(flow::Offset offset) const;
    };
    struct Process {
        std::uint64_t reads = 0;
        std::uint64_t written = 0;
        std::size_t lane_bytes = 0;
        std::size_t requests = 0;
        std::unordered_map<std::uint64_t, std::vector<Serial>> open;  ///< By order group.
    };
    struct Stored {
        std::size_t index = 0;
        std::size_t highest = 0;
        bool is_excused = false;
    };

    [[nodiscard]] Reading& at(Serial serial) { return readings_[serial - 1]; }
    [[nodiscard]] Reading const& at(Serial serial) const { return readings_[serial - 1]; }
    [[nodiscard]] Assignment* current(MemberId member, std::uint32_t partition);
    [[nodiscard]] Assignment const* current(MemberId member, std::uint32_t partition) const;
    [[nodiscard]] std::uint64_t order_group(std::uint32_t partition, LogRecord const& record) const;
    [[nodiscard]] bool is_settled(Assignment const& assignment, std::size_t index) const;
    void check_commit(Assignment& assignment, flow::CommitPoint const& point);
    void check_read_ahead(Assignment& assignment, std::size_t index);
    void check_map(Assignment const& assignment, flow::CommitPoint const& point) const;
    void check_order(Request const& request, Sent const& sent);
    void close(Reading& reading, Serial serial);
    [[noreturn]] void fail(std::string_view invariant, std::string const& what) const;

    WorldSettings const& settings_;
    Log& log_;
    History& history_;
    std::function<bool(MemberId, std::uint32_t)> is_owner_;
    std::deque<Reading> readings_;
    std::deque<Assignment> assignments_;
    std::map<std::pair<MemberId, std::uint32_t>, std::size_t> current_;
    std::map<MemberId, Process> processes_;
    std::map<std::pair<std::uint32_t, std::size_t>, Stored> stored_;  ///< By partition and key.
};

}  // namespace headrace::simulation
