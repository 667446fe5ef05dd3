// The collections part of Milvus's REST v2: has, list, describe, create, load states, and
// partitions. Pure. Thread safety: free functions on the settings that are passed in.
#pragma once

#include "emulator/milvus.hpp"

#include <string>
#include <string_view>

namespace headrace::emulator {

/// `describe`'s `data`.
[[nodiscard]] std::string describe(MilvusCollection const& collection);

/// Reads the body of `create`, the short form with `dimension` and the long one with `schema`.
[[nodiscard]] Result<MilvusCollection> read_collection(JsonNode body, std::string database);

/// Whether that operation of /collections/ or /partitions/ is played.
[[nodiscard]] bool is_collection_operation(std::string_view area, std::string_view operation);

/// The answer to any of them; `create`, `drop`, `load` and `release` change the settings. `area` is
/// `collections` or `partitions`.
[[nodiscard]] MilvusOutcome answer_collections(std::string_view area, MilvusCall const& call,
                                               MilvusSettings& settings, MilvusStore& store);

}  // namespace headrace::emulator
