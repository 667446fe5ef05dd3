// The fixed sets of reasons and states that are label values: their series exist with 0 from a
// route's start. A reason that a snapshot holds beside them is exported too. Used by metrics and
// its document. Thread safety: constants and free functions without state.
#pragma once

#include <array>
#include <string_view>
#include <vector>

namespace headrace::ops {

inline constexpr std::array<std::string_view, 14> dead_letter_reasons{
    "empty_value", "invalid_json",   "not_an_object", "tombstone",
    "bad_key",     "bad_name",       "no_key",        "no_name",
    "too_large",   "too_many_names", "rejected",      "retries_exhausted",
    "suspect",     "unknown_name"};
inline constexpr std::array<std::string_view, 3> skip_reasons{"tombstone", "superseded",
                                                              "already_settled"};
inline constexpr std::array<std::string_view, 4> return_reasons{"revoked", "lost", "drained",
                                                                "rewound"};

/// Every reason for which a request can fail.
[[nodiscard]] std::vector<std::string_view> failure_reasons();
/// Every reason for which the concurrency limit changes.
[[nodiscard]] std::vector<std::string_view> concurrency_changes();
/// Every kind of rate limit.
[[nodiscard]] std::vector<std::string_view> rate_limits();
/// Every state of a route.
[[nodiscard]] std::vector<std::string_view> state_names();

}  // namespace headrace::ops
