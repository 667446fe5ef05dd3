// What an answer of Milvus's REST v2 means: status 401 and 403 first, then the code in the body,
// then the status. Used by the Milvus dialect. Pure. Thread safety: a free function; the validator
// belongs to the caller's thread.
#pragma once

#include "base/json.hpp"
#include "flow/verdict.hpp"
#include "http/message.hpp"
#include "sinks/milvus_schema.hpp"

#include <cstddef>
#include <string_view>

namespace headrace::sinks {

struct MilvusAsk {
    MilvusOperation operation = MilvusOperation::upsert;
    std::size_t records = 0;  ///< How many rows were sent.
    std::string_view target;  ///< Its name for the message.
};

struct MilvusAnswer {
    flow::Judgement judgement;
    bool schema_changed = false;   ///< Code 109: what we know of the collection is old.
    bool schema_doubtful = false;  ///< A code that an old schema could explain.
    bool is_missing = false;       ///< Collection or partition is missing or not loaded.
};

/// A quota that clears when the server's resources recover holds the destination for so long, a
/// rate limit for less.
inline constexpr Duration milvus_quota_hold = std::chrono::seconds(5);
inline constexpr Duration milvus_rate_hold = std::chrono::milliseconds(500);

/// Total: any status and any bytes give an answer.
[[nodiscard]] MilvusAnswer judge_milvus(JsonValidator& validator, http::Response const& answer,
                                        MilvusAsk const& ask);

}  // namespace headrace::sinks
