// Any record and any failure through the dead letter's headers: what we add is complete, UTF-8 and
// bounded, what the record had stays as it was, and a dead letter that is buried again gains
// nothing. The first byte is the stage and what is null, the second the longest message; the rest
// is pieces, each with its length before it: topic, reason, status, message, key, value, then
// headers, whose name is one of ours when its length says so.
#include "kafka/dead_letter_headers.hpp"

#include "base/json.hpp"
#include "expect.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

using namespace headrace;
using headrace::fuzz::expect;
using kafka::OwnedHeader;

namespace {

constexpr std::array<std::string_view, 24> own_names{"headrace.topic",
                                                     "headrace.partition",
                                                     "headrace.offset",
                                                     "headrace.timestamp",
                                                     "headrace.route",
                                                     "headrace.destination",
                                                     "headrace.stage",
                                                     "headrace.reason",
                                                     "headrace.status",
                                                     "headrace.message",
                                                     "headrace.attempts",
                                                     "headrace.first_failure",
                                                     "headrace.last_failure",
                                                     "headrace.replays",
                                                     "headrace.version",
                                                     "__connect.errors.topic",
                                                     "__connect.errors.partition",
                                                     "__connect.errors.offset",
                                                     "__connect.errors.connector.name",
                                                     "__connect.errors.task.id",
                                                     "__connect.errors.stage",
                                                     "__connect.errors.class.name",
                                                     "__connect.errors.exception.class.name",
                                                     "__connect.errors.exception.message"};
constexpr std::size_t longest_of_ours = 2048;

bool is_ours(std::string_view name) {
    return std::find(own_names.begin(), own_names.end(), name) != own_names.end();
}

std::string_view take(std::string_view& rest) {
    if (rest.empty()) return {};
    auto const length = static_cast<std::uint8_t>(rest.front());
    rest.remove_prefix(1);
    auto const piece = rest.substr(0, length);
    rest.remove_prefix(piece.size());
    return piece;
}

std::vector<flow::Header> take_headers(std::string_view& rest) {
    std::vector<flow::Header> headers;
    while (!rest.empty() && headers.size() < 64) {
        auto const kind = static_cast<std::uint8_t>(rest.front());
        rest.remove_prefix(1);
        auto const name = kind % 2 == 0 ? take(rest) : own_names[kind / 2 % own_names.size()];
        auto const value = take(rest);
        headers.push_back({name, kind % 8 >= 6 ? std::nullopt : std::optional(value)});
    }
    return headers;
}

std::string_view only(std::vector<OwnedHeader> const& headers, std::string_view name) {
    auto const is_it = [&](OwnedHeader const& header) { return header.name == name; };
    expect(std::count_if(headers.begin(), headers.end(), is_it) == 1);
    auto const found = std::find_if(headers.begin(), headers.end(), is_it);
    expect(found->value.has_value());
    return *found->value;
}

void check_ours(std::vector<OwnedHeader> const& headers, flow::Record const& record,
                std::size_t message_bytes_max) {
    for (auto const name : own_names) {
        auto const value = only(headers, name);
        expect(is_utf8(value) && value.size() <= longest_of_ours);
    }
    expect(only(headers, "headrace.message").size() <= message_bytes_max);
    expect(!only(headers, "headrace.reason").empty());
    expect(message_bytes_max < 4 || !only(headers, "headrace.message").empty());
    expect(only(headers, "headrace.offset") == std::to_string(record.offset));
    expect(only(headers, "headrace.partition") == std::to_string(record.origin->partition));
    expect(only(headers, "headrace.topic") == only(headers, "__connect.errors.topic"));
}

/// The record's own come first, in order and unchanged.
void check_kept(std::vector<OwnedHeader> const& headers, std::vector<flow::Header> const& given) {
    std::size_t at = 0;
    for (auto const& header : given) {
        if (is_ours(header.name)) continue;
        expect(headers.at(at).name == header.name && headers[at].value == header.value);
        ++at;
    }
    expect(headers.size() == at + own_names.size());
}

std::vector<flow::Header> views(std::vector<OwnedHeader> const& headers) {
    std::vector<flow::Header> out;
    for (auto const& header : headers) {
        auto const value =
            header.value ? std::optional<std::string_view>{*header.value} : std::nullopt;
        out.push_back({header.name, value});
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 2) return 0;
    std::string_view rest(reinterpret_cast<char const*>(data) + 2, size - 2);
    std::uint8_t const choice = data[0];
    std::size_t const message_bytes_max = data[1] * std::size_t{4};
    flow::TopicPartition const origin{.topic = std::string(take(rest)), .partition = 3, .hash = 1};
    flow::FailureReport report;
    report.refusal.stage = static_cast<flow::Stage>(choice % 3);
    report.refusal.reason = std::string(take(rest));
    report.refusal.status = std::string(take(rest));
    report.refusal.message = std::string(take(rest));
    auto const key = take(rest);
    auto const value = take(rest);
    auto const given = take_headers(rest);
    auto record = flow::make_record(
        origin, std::int64_t{choice} << 40U, (choice & 8U) != 0 ? std::nullopt : std::optional(key),
        (choice & 16U) != 0 ? std::nullopt : std::optional(value), given);
    record.timestamp_ms = (choice & 32U) != 0 ? -1 : std::int64_t{choice} << 40U;
    if ((choice & 64U) != 0) record.detach();

    kafka::DeadLetterOrigin const route{
        .route = "docs", .destination_type = "milvus", .version = "1.0.0"};
    auto headers = kafka::dead_letter_headers(record, report, route, message_bytes_max);
    check_kept(headers, given);
    check_ours(headers, record, message_bytes_max);

    auto const again = flow::make_record(origin, record.offset, key, value, views(headers));
    auto const twice = kafka::dead_letter_headers(again, report, route, message_bytes_max);
    check_kept(twice, given);
    check_ours(twice, again, message_bytes_max);

    kafka::shorten_messages(headers, kafka::dead_letter_message_bytes_short);
    check_kept(headers, given);
    check_ours(headers, record,
               std::min(message_bytes_max, kafka::dead_letter_message_bytes_short));
    return 0;
}
