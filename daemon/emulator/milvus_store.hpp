// What was written to the emulated Milvus: rows by collection, partition and key, several rows of a
// key where inserts made them, and the oracle's counts. Pure; the time is a parameter, because
// reads that are not Strong may lag. Thread safety: it belongs to its emulator.
#pragma once

#include "base/clock.hpp"
#include "emulator/store_form.hpp"
#include "emulator/tallies.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace headrace::emulator {

enum class MilvusWriteKind : std::uint8_t {
    insert,  ///< Adds a row, also beside one of that key.
    upsert,  ///< Replaces the rows of that key in the partition.
    erase,   ///< Removes the rows of that key, in one partition or in all.
};

struct MilvusKeyedRow {
    std::string key;
    std::string text;  ///< The row's JSON; empty for erase.
};

/// A write that passed every check; owns its rows, because it may happen late.
struct MilvusWrite {
    MilvusWriteKind kind = MilvusWriteKind::upsert;
    std::string collection;  ///< `database/name`.
    std::string partition;   ///< Empty: all (erase only).
    std::vector<MilvusKeyedRow> rows;
};

struct MilvusRow {
    std::string partition;
    std::string key;
    std::string text;
};

struct MilvusCounts {
    std::uint64_t requests = 0;  ///< insert, upsert and delete.
    std::uint64_t rows_received = 0;
    std::uint64_t rows_written = 0;
    std::uint64_t keys_deleted = 0;
    std::size_t rows_per_request_max = 0;
    std::uint64_t keys_repeated = 0;  ///< Writes of a key that was there.
    IdTally ids;
};

class MilvusStore {
  public:
    explicit MilvusStore(StoreForm form) : form_(form) {}

    /// Writes `rows`; `lag` keeps what was there before for reads that lag.
    void write(MilvusWrite const& write, TimePoint now, Duration lag);
    /// Rows of the named partitions (empty: all) as they were `lag` ago, sorted by key.
    [[nodiscard]] std::vector<MilvusRow> rows(std::string const& collection,
                                              std::vector<std::string> const& partitions,
                                              TimePoint now, Duration lag) const;
    /// The rows of those keys now.
    [[nodiscard]] std::vector<MilvusRow> rows_of(std::string const& collection,
                                                 std::vector<std::string> const& partitions,
                                                 std::vector<std::string> const& keys) const;
    [[nodiscard]] std::uint64_t row_count(std::string const& collection) const;
    [[nodiscard]] MilvusCounts& counts(std::string const& collection) {
        return tables_[collection].counts;
    }
    struct CollectionCounts {
        std::string collection;
        std::uint64_t rows = 0;
        MilvusCounts const* counts = nullptr;
    };
    [[nodiscard]] std::vector<CollectionCounts> all_counts() const;
    void drop(std::string const& collection) { tables_.erase(collection); }

  private:
    using Partition = std::unordered_multimap<std::string, std::string>;
    /// What stood under a key before it was changed.
    struct Change {
        TimePoint at;
        std::string partition;
        std::string key;
        std::vector<std::string> before;
    };
    struct Table {
        std::map<std::string, Partition, std::less<>> partitions;
        std::deque<Change> changes;
        MilvusCounts counts;
    };

    static void note(Table& table, std::string const& partition, std::string const& key,
                     TimePoint now, Duration lag);

    StoreForm form_;
    std::map<std::string, Table> tables_;
};

}  // namespace headrace::emulator
