// Primary keys in one form, so that two spellings of one key are equal: 7, "7" and 7.0 for an
// Int64; "a" and "\u0061" for a VarChar. Used by the Milvus dialect for ordering, for collapsing
// and for deletes. Pure. Thread safety: free functions, any thread.
#pragma once

#include "sinks/milvus_schema.hpp"

#include <string>
#include <string_view>

namespace headrace::sinks {

/// Whether a raw JSON token can be a key at all: a string or a number.
[[nodiscard]] bool can_be_milvus_key(std::string_view raw) noexcept;

/// Appends the key that the raw JSON token stands for. A token that is no Int64 stays as it is
/// spelled: Milvus judges it.
void append_milvus_key(std::string& out, std::string_view raw, MilvusKeyType type);

/// Appends the key that a Kafka key's bytes stand for: text as it is, or decimal digits. False, and
/// nothing appended, if they cannot be a key of that type.
[[nodiscard]] bool append_milvus_key_of_bytes(std::string& out, std::string_view bytes,
                                              MilvusKeyType type);

}  // namespace headrace::sinks
