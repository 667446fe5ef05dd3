// Whether a row fits its collection, as Milvus's REST handler judges it. Pure; used by
// MilvusEmulator for insert and upsert. Thread safety: free functions without state.
#pragma once

#include "emulator/json_tree.hpp"
#include "emulator/milvus_settings.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace headrace::emulator {

/// A failure as Milvus tells it.
struct MilvusFailure {
    std::int64_t code = 0;
    std::string message;
};

enum class MilvusOperation : std::uint8_t {
    insert,  ///< An autoID key is left out.
    upsert,  ///< An autoID key may be given; a new one is made.
};

/// The first fault of a row: 1804 (type, shape, missing, extra, dim) or 1100 (length); nothing if
/// it fits. `row_number` counts from 0.
[[nodiscard]] std::optional<MilvusFailure> find_row_fault(JsonNode row, std::size_t row_number,
                                                          MilvusCollection const& collection,
                                                          MilvusOperation operation, bool lenient);

/// A key's text in the one form in which equal keys are equal: decimal digits or the string.
[[nodiscard]] std::string key_text(JsonNode value, MilvusType type);

}  // namespace headrace::emulator
