// What the emulated Tecton knows: workspaces, keys, stream sources with their schemas, feature
// views, and the switches that make it laxer or stricter than its documentation. Plain values.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "emulator/store_form.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::emulator {

enum class Role : std::uint8_t {
    none,      ///< The key is known and may do nothing: 403.
    viewer,    ///< May dry run.
    consumer,  ///< May read features.
    editor,    ///< May write.
    owner,     ///< May write.
};

enum class TectonKind : std::uint8_t {
    int64,      ///< Number, or a string of decimal digits.
    int32,      ///< As int64, in its range.
    float64,    ///< Any finite number.
    float32,    ///< As float64.
    text,       ///< String.
    boolean,    ///< true, false.
    timestamp,  ///< RFC 3339 with exceptions; see parse_event_time.
    array,      ///< Array of parts[0].
    structure,  ///< Object of the named parts.
    map,        ///< Object with any keys, values of parts[0].
};

struct TectonField;

struct TectonType {
    TectonKind kind = TectonKind::text;
    std::vector<TectonField> parts;
};

struct TectonField {
    std::string name;
    TectonType type;
};

/// Reads `Int64`, `Array(Float64)`, `Map(String, Int64)`, `Struct(a Int64, b String)` …
[[nodiscard]] Result<TectonType> parse_tecton_type(std::string_view text);

struct Workspace {
    std::string name;
    bool live = true;  ///< Others take dry runs only.
};

struct ApiKey {
    std::string secret;
    Role role = Role::editor;
    Duration new_for{};  ///< Refused with 401 so long after it was added.
};

struct StreamSource {
    std::string workspace;
    std::string name;
    std::vector<TectonField> fields;
    std::string id_field;  ///< Whose values are counted; empty: none.
    Duration new_for{};    ///< Refused with 404 so long after it was added.
};

struct FeatureView {
    std::string name;
    std::string source;
    std::vector<std::string> join_keys;
    std::string timestamp_field = "timestamp";
    bool aggregates = true;  ///< Keeps all rows; else the greatest timestamp of each key.
    Duration ttl{};          ///< Oldest event taken; zero: any age.
    bool online = true;
    bool offline = true;
};

struct TectonSwitches {
    bool both_key_styles = false;            ///< snake_case and camelCase on both paths.
    std::size_t records_per_source_max = 0;  ///< 0: no cap.
    std::size_t sources_max = 0;             ///< 0: no cap.
    std::size_t body_bytes_max = 0;          ///< 0: no cap; over it 413.
    bool keep_good_records = false;          ///< A refused batch leaves its good records written.
    bool refuse_null = false;
    bool refuse_missing = false;
    bool accept_unknown = false;
    bool accept_compression = false;   ///< Bodies may be gzip or zstd; others get 415.
    bool data_source_metrics = false;  ///< `dataSourceIngestMetrics` in the answer.
    StoreForm store = StoreForm::rows;
    std::size_t rows_max = 10'000'000;  ///< Rows beyond it are counted, not kept.
};

struct TectonSettings {
    std::vector<Workspace> workspaces;
    std::vector<ApiKey> keys;
    std::vector<StreamSource> sources;
    std::vector<FeatureView> views;
    TectonSwitches switches;
    std::uint64_t seed = 1;  ///< Of the fault schedule.
};

/// For the demo and the tests: workspace `prod`, key `demo-key`, stream sources clicks, views and
/// purchases with one feature view each.
[[nodiscard]] TectonSettings default_tecton_settings();

}  // namespace headrace::emulator
