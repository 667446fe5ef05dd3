// Why a record becomes a dead letter before any request: the `reason` of its dead letter and a
// label of metrics. A small fixed set for all destinations. Used by dialects. What a destination
// refused is `rejected`, and delivery's word.
#pragma once

#include "flow/sink.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace headrace::sinks::reason {

// Stage decode: the bytes are not what `record.format` promises.
inline constexpr std::string_view empty_value = "empty_value";  ///< No bytes, or white space alone.
inline constexpr std::string_view invalid_json =
    "invalid_json";  ///< Not JSON by RFC 8259, or not UTF-8.
inline constexpr std::string_view not_an_object =
    "not_an_object";  ///< JSON, but an array, string, number or literal.
inline constexpr std::string_view tombstone =
    "tombstone";  ///< A null value, and on_tombstone: dead_letter.

// Stage encode: it cannot be put into a request.
inline constexpr std::string_view bad_key =
    "bad_key";  ///< A primary key of a kind that the collection cannot have.
inline constexpr std::string_view bad_name =
    "bad_name";  ///< The name in its header or field cannot be a name.
inline constexpr std::string_view no_key =
    "no_key";  ///< The primary key, or a tombstone's Kafka key, is missing.
inline constexpr std::string_view no_name =
    "no_name";  ///< No name in topic, header or field, and no default.
inline constexpr std::string_view too_large = "too_large";  ///< Alone it passes `batch.bytes`.
inline constexpr std::string_view too_many_names =
    "too_many_names";  ///< More different names than a sink keeps.

}  // namespace headrace::sinks::reason

namespace headrace::sinks {

[[nodiscard]] inline flow::Refusal refuse_decode(std::string_view why, std::string message) {
    return {.stage = flow::Stage::decode,
            .reason = std::string(why),
            .status = {},
            .message = std::move(message)};
}

[[nodiscard]] inline flow::Refusal refuse_encode(std::string_view why, std::string message) {
    return {.stage = flow::Stage::encode,
            .reason = std::string(why),
            .status = {},
            .message = std::move(message)};
}

}  // namespace headrace::sinks
