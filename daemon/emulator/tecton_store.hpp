// What was written to the emulated online store: rows by feature view, join keys and timestamp, and
// the oracle's counts per stream source. Pure. Thread safety: it belongs to its emulator.
#pragma once

#include "emulator/json_tree.hpp"
#include "emulator/tallies.hpp"
#include "emulator/tecton_settings.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace headrace::emulator {

/// A record that passed every check, ready to be written to one view.
struct TectonWrite {
    std::size_t view = 0;  ///< Index in the settings.
    std::string key;       ///< The join keys' raw values.
    std::int64_t ns = 0;
    std::string_view record;  ///< The object's bytes.
};

struct TectonRow {
    std::string key;
    std::int64_t ns = 0;
    std::string record;  ///< Empty unless the store keeps rows.
};

struct ViewStats {
    std::uint64_t rows = 0;
    std::uint64_t writes = 0;
    std::uint64_t repeated = 0;     ///< Writes of a (key, timestamp) that was there.
    std::uint64_t overwritten = 0;  ///< Of those, with another record: one of the two is gone.
    std::uint64_t not_kept = 0;     ///< New rows beyond rows_max.
};

struct SourceStats {
    std::uint64_t requests = 0;
    std::uint64_t records_received = 0;
    std::uint64_t records_written = 0;
    std::size_t records_per_request_max = 0;
    IdTally ids;
};

class TectonStore {
  public:
    explicit TectonStore(StoreForm form, std::size_t rows_max) : form_(form), rows_max_(rows_max) {}

    void write(TectonWrite const& write, FeatureView const& view);
    void count_id(std::string const& source, JsonNode id);
    [[nodiscard]] SourceStats& source(std::string const& name) { return sources_[name]; }
    [[nodiscard]] std::map<std::string, SourceStats> const& sources() const { return sources_; }
    [[nodiscard]] ViewStats view(std::size_t index) const;
    /// The rows of a view, sorted by key and timestamp, from `offset`, at most `limit`.
    [[nodiscard]] std::vector<TectonRow> rows(std::size_t view, std::size_t offset,
                                              std::size_t limit) const;

  private:
    struct Cell {
        std::int64_t ns = 0;
        std::uint64_t fingerprint = 0;
        std::string record;
    };
    struct View {
        std::unordered_map<std::string, std::vector<Cell>> cells;  ///< By key, by ns ascending.
        ViewStats stats;
    };

    StoreForm form_;
    std::size_t rows_max_;
    std::vector<View> views_;
    std::map<std::string, SourceStats> sources_;
};

}  // namespace headrace::emulator
