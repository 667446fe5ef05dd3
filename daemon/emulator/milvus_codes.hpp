// Milvus's codes in words, and the HTTP statuses that fit them when the server is set so. Pure;
// used by MilvusEmulator. What a client makes of a code is not here. Thread safety: free functions.
#pragma once

#include "emulator/milvus_rows.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace headrace::emulator {

/// The text that goes with a code when a fault gives none.
[[nodiscard]] std::string_view milvus_code_text(std::int64_t code) noexcept;

/// `{"code":N,"message":"..."}`
[[nodiscard]] std::string milvus_failure_body(MilvusFailure const& failure);

/// The limiter's refusal: 1807 around another error's text.
[[nodiscard]] MilvusFailure limiter_failure(std::string_view inner);

/// With `proxy.http.standardErrorStatus`: the status for a code; of writes 503 and 429 become 500,
/// but for 1807.
[[nodiscard]] int standard_status(std::int64_t code, bool writes) noexcept;

}  // namespace headrace::emulator
