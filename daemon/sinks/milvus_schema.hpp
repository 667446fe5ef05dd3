// What a writer must know of a Milvus collection, read from the answer to `describe`. Used by the
// Milvus dialect. Pure. Thread safety: free functions, any thread.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace headrace::sinks {

/// What a request does.
enum class MilvusOperation {
    upsert,    ///< Rows with keys of ours: idempotent.
    insert,    ///< Rows: not idempotent.
    erase,     ///< Delete by primary keys.
    describe,  ///< Asks for a collection's schema.
};

/// The two types that a primary key may have.
enum class MilvusKeyType {
    int64,    ///< Numbers, quoted or not.
    varchar,  ///< Strings.
};

struct MilvusSchema {
    std::string primary_key;
    MilvusKeyType key_type = MilvusKeyType::int64;
    bool auto_id = false;            ///< The server makes the keys.
    bool has_partition_key = false;  ///< The server chooses the partition.
};

/// How the route wants to write.
struct MilvusWish {
    MilvusOperation operation = MilvusOperation::upsert;
    std::string_view partition;    ///< Empty: none is named.
    std::string_view primary_key;  ///< Empty: whatever the collection says.
};

/// Reads the `data` of a describe answer that is valid JSON. The error (bad_response) says what is
/// missing.
[[nodiscard]] Result<MilvusSchema> parse_milvus_schema(std::string_view data);

/// Why the collection cannot be written as wished, and what to change; empty if it can.
[[nodiscard]] std::string find_milvus_misfit(MilvusSchema const& schema, MilvusWish const& wish);

}  // namespace headrace::sinks
