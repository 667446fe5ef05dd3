// What the emulated Milvus knows: databases, users, collections with their schemas, and the
// switches that choose between what versions do. Plain values.
#pragma once

#include "emulator/store_form.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::emulator {

enum class MilvusType : std::uint8_t {
    boolean,          ///< Bool
    int8,             ///< Int8
    int16,            ///< Int16
    int32,            ///< Int32
    int64,            ///< Int64, also as key
    float32,          ///< Float
    float64,          ///< Double
    varchar,          ///< VarChar with max_length, also as key
    json,             ///< JSON
    array,            ///< Array of `element`
    float_vector,     ///< FloatVector of `dim`
    float16_vector,   ///< Float16Vector of `dim`
    bfloat16_vector,  ///< BFloat16Vector of `dim`
    binary_vector,    ///< BinaryVector of `dim` bits
    int8_vector,      ///< Int8Vector of `dim`
    sparse_vector,    ///< SparseFloatVector
};

/// The name as `describe` gives it, such as "FloatVector".
[[nodiscard]] std::string_view to_string(MilvusType type) noexcept;
[[nodiscard]] std::optional<MilvusType> milvus_type(std::string_view name) noexcept;

struct MilvusField {
    std::string name;
    MilvusType type = MilvusType::int64;
    bool is_primary = false;
    bool auto_id = false;
    bool is_partition_key = false;
    bool nullable = false;
    bool has_default = false;
    bool is_function_output = false;
    std::size_t dim = 0;
    std::size_t max_length = 65'535;   ///< Of VarChar, in bytes.
    std::size_t max_capacity = 4'096;  ///< Of Array.
    MilvusType element = MilvusType::int64;
};

struct MilvusCollection {
    std::string database = "default";
    std::string name;
    std::vector<MilvusField> fields;
    bool dynamic = false;  ///< enableDynamicField
    bool allow_insert_auto_id = false;
    bool loaded = true;
    std::vector<std::string> partitions;  ///< Besides `_default`.
    std::string id_field;                 ///< Whose values are counted; empty: the primary key.

    /// REQUIRES: there is one, as every collection has.
    [[nodiscard]] MilvusField const& primary() const;
    [[nodiscard]] bool has_partition(std::string_view partition) const;
};

struct MilvusSwitches {
    bool keep_equal_keys = false;    ///< Before 2.6.8: both rows of one upsert are kept.
    bool quotas = true;              ///< Off: a missing partition is 200 instead of 1807.
    bool lenient = false;            ///< The silent conversions before 3.0.1.
    bool idempotency = false;        ///< `Idempotency-Key` on insert gives the first answer again.
    bool standard_statuses = false;  ///< HTTP statuses that fit the code.
    bool int64_as_text = false;      ///< Ids as strings when Accept-Type-Allow-Int64 is absent.
    /// Bodies may be gzip or zstd, others get 415: as behind a gateway, Milvus itself knows none.
    bool accept_compression = false;
    bool old_delete_answer = false;  ///< `"data":{}` as in 2.4-dev.
    std::size_t body_bytes_max = 0;  ///< 0: no cap; over it 1102, or a reset with the next one.
    bool reset_over_cap = false;
    std::size_t rows_per_request_max = 0;  ///< 0: no cap; 100 in the old documentation.
    std::uint32_t bounded_lag_ms = 0;      ///< How late reads that are not Strong see writes.
    StoreForm store = StoreForm::rows;
};

struct MilvusSettings {
    std::vector<std::string> databases{"default"};
    std::vector<std::string> tokens;  ///< `user:password` or API keys; empty: no authorization.
    std::vector<std::string> read_only_tokens;  ///< Of the tokens: writing gives 403.
    std::vector<MilvusCollection> collections;
    MilvusSwitches switches;
    std::uint64_t seed = 1;  ///< Of the fault schedule.
};

/// For the demo and the tests: `docs` (Int64 key, vector, title) and `pages` (VarChar key), each
/// with the partition `archive`; no authorization.
[[nodiscard]] MilvusSettings default_milvus_settings(std::size_t dim = 8);

}  // namespace headrace::emulator
