// What the tests of both dialects share: settings, records, and short ways to place, inspect and
// encode.
#pragma once

#include "sinks/dialect.hpp"
#include "sinks/settings.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <numeric>
#include <string>
#include <vector>

namespace headrace::sinks::fixture {

inline flow::TopicPartition const origin{.topic = "clicks", .partition = 0, .hash = 1};

inline flow::Record record(std::optional<std::string_view> value,
                           std::optional<std::string_view> key = std::nullopt,
                           std::vector<flow::Header> const& headers = {}) {
    return flow::make_record(origin, 0, key, value, headers);
}

inline NameRule fixed(std::string name) {
    return {.from = NameRule::From::fixed,
            .value = std::move(name),
            .by_topic = {},
            .default_name = {}};
}
inline NameRule by_header(std::string name) {
    return {.from = NameRule::From::header,
            .value = std::move(name),
            .by_topic = {},
            .default_name = {}};
}
inline NameRule by_field(std::string pointer) {
    return {.from = NameRule::From::field,
            .value = std::move(pointer),
            .by_topic = {},
            .default_name = {}};
}

inline RequestSettings requests(std::string path) {
    RequestSettings settings;
    settings.client.url.path = std::move(path);
    settings.body_bytes_max = 1024;
    return settings;
}

inline flow::TargetId place(Dialect& dialect, flow::Record& record) {
    auto const placement = dialect.place(record);
    REQUIRE(std::holds_alternative<flow::TargetId>(placement));
    record.target = std::get<flow::TargetId>(placement);
    return record.target;
}

inline flow::Inspection inspect(Dialect& dialect, flow::Record& record) {
    auto const inspected = dialect.inspect(record, place(dialect, record));
    if (auto const* refusal = std::get_if<flow::Refusal>(&inspected))
        FAIL(refusal->reason + ": " + refusal->message);
    auto const& inspection = std::get<flow::Inspection>(inspected);
    record.sink_word = inspection.sink_word;
    record.order_hash = inspection.order_hash;
    return inspection;
}

/// The reason of a record that is refused, with its stage: "decode/invalid_json".
inline std::string refusal_of(Dialect& dialect, flow::Record& record) {
    auto const name = [](flow::Refusal const& refusal) {
        CHECK_FALSE(refusal.message.empty());
        return std::string(flow::to_string(refusal.stage)) + "/" + refusal.reason;
    };
    auto const placement = dialect.place(record);
    if (auto const* refusal = std::get_if<flow::Refusal>(&placement)) return name(*refusal);
    if (std::holds_alternative<flow::Skip>(placement)) return "skipped";
    auto const inspected = dialect.inspect(record, std::get<flow::TargetId>(placement));
    if (auto const* refusal = std::get_if<flow::Refusal>(&inspected)) return name(*refusal);
    return "accepted";
}

/// Records that were placed and inspected, ready to be encoded.
inline std::vector<flow::Record> ready(Dialect& dialect,
                                       std::vector<std::string_view> const& values) {
    std::vector<flow::Record> records;
    for (auto const value : values) {
        records.push_back(record(value));
        inspect(dialect, records.back());
    }
    return records;
}

inline std::vector<std::uint32_t> collapse(Dialect& dialect,
                                           std::vector<flow::Record> const& records) {
    std::vector<std::uint32_t> effective;
    dialect.collapse(records, effective);
    return effective;
}

/// Encodes what collapse() leaves of the records.
inline EncodedRequest encode(Dialect& dialect, std::vector<flow::Record> const& records) {
    EncodedRequest request;
    dialect.encode(records, collapse(dialect, records), request);
    return request;
}

inline http::Response answer(int status, std::string body) {
    return {.status = status, .headers = {}, .body = std::move(body)};
}

inline std::string header_of(EncodedRequest const& request, std::string_view name) {
    for (auto const& [present, value] : request.headers) {
        if (present == name) return value;
    }
    return "absent";
}

}  // namespace headrace::sinks::fixture
