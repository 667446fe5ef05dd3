// Which records of a partition are settled beyond the committed offset, as text that travels in the
// commit's metadata, so that whoever reads on after a crash or a rebalance can leave them out.
// Pure; the intake writes it and reads it. Whatever stands in the metadata, reading it costs no
// more than its few kilobytes. Thread safety: plain values.
//
// The text: "headrace-settled/1 CLUSTER BASE EPOCH RUNS". CLUSTER is the cluster's id ("-":
// unknown): tools that copy topics and groups to another cluster copy the text, but not the offsets
// that it speaks of. BASE is the committed
// offset it belongs to, EPOCH the leader epoch of the last record covered (-1: unknown), both
// decimal. RUNS are
// ranges of settled offsets in ascending order, each as a character of base64's alphabet: its
// high two bits say how many offsets lie between the range and the one before it, less one (before
// the first: between it and BASE), its low four bits how many it holds, less one. Where all bits
// are set, a number follows that is added: five bits a character, the lowest first; a character
// from 32 up says that more follow. So the usual range, between lanes that are not equally fast,
// takes one.
#pragma once

#include "base/result.hpp"
#include "flow/record.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::flow {

/// Offsets from first to last, both included.
struct OffsetRange {
    Offset first = 0;
    Offset last = 0;
    bool operator==(OffsetRange const&) const = default;
};

struct SettledMap {
    /// Brokers keep 4 KiB of metadata unless told otherwise (offset.metadata.max.bytes).
    static constexpr std::size_t bytes_max = 3072;

    std::string cluster_id;           ///< Empty: unknown.
    Offset base = 0;                  ///< The committed offset that it belongs to.
    std::int32_t leader_epoch = -1;   ///< Of the last record covered; -1: unknown.
    std::vector<OffsetRange> ranges;  ///< Ascending, none touches the next, none before base.
};

/// Writes a map range by range. What does not fit is cut off at the far end, never in the middle: a
/// key's later record must not be left out where an earlier one is not.
class SettledMapWriter {
  public:
    SettledMapWriter(Offset base, std::string_view cluster_id);

    /// Adds a range whose last record has this leader epoch; false if there is no more room.
    /// REQUIRES: it begins at base or later, and after every range before.
    bool add(OffsetRange range, std::int32_t leader_epoch);

    /// The text; empty if there is no range.
    [[nodiscard]] std::string finish();

  private:
    bool write_pending();

    Offset base_;
    std::string head_;
    std::size_t runs_bytes_max_;
    Offset written_to_;  ///< The last offset that is in runs_.
    std::string runs_;
    std::int32_t runs_epoch_ = -1;
    std::optional<OffsetRange> pending_;  ///< Grows while ranges touch.
    std::int32_t pending_epoch_ = -1;
    bool is_full_ = false;
};

/// Reads a map; an Error for anything that is not one of this version, a correct one or a small
/// one.
[[nodiscard]] Result<SettledMap> read_settled_map(std::string_view text);

/// A map in use: says of each record that is read whether it was settled before. It forgets
/// everything as soon as a record shows that the log is no longer the one that the map was made of:
/// one from before the committed offset (the log begins anew) or one of a later leader epoch
/// (the log was cut and written anew from there on). Invariant: what it says is settled was read
/// and settled under the same offset and leader.
class SettledBefore {
  public:
    SettledBefore() = default;
    explicit SettledBefore(SettledMap map) noexcept : map_(std::move(map)), from_(map_.base) {}

    /// REQUIRES: offsets come in ascending order, unless they go back before the map's base.
    [[nodiscard]] bool covers(Offset offset, std::int32_t leader_epoch) noexcept;

    /// What was not read again yet, to go on in the next map.
    template <class Visit>
    void visit_rest(Visit const& visit) const {
        for (auto at = cursor_; at != map_.ranges.size(); ++at) {
            auto range = map_.ranges[at];
            if (range.first < from_) range.first = from_;
            if (range.first <= range.last && !visit(range, map_.leader_epoch)) return;
        }
    }
    [[nodiscard]] bool is_empty() const noexcept { return cursor_ == map_.ranges.size(); }

  private:
    void forget() noexcept;

    SettledMap map_;
    std::size_t cursor_ = 0;  ///< The first range that is not wholly passed.
    Offset from_ = 0;         ///< The next offset that may be asked about.
};

}  // namespace headrace::flow
