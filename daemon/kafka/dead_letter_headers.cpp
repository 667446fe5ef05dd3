#include "kafka/dead_letter_headers.hpp"

#include "base/timestamp.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <utility>

namespace headrace::kafka {
namespace {

/// Kafka's own limit; what a broker says is checked all the same.
constexpr std::size_t topic_bytes_max = 249;
constexpr std::string_view own_message = "headrace.message";
constexpr std::string_view connect_message = "__connect.errors.exception.message";

/// Kafka Connect's name for the step that failed, which tools group by.
std::string_view connect_stage(flow::Stage stage) noexcept {
    switch (stage) {
        case flow::Stage::decode:
            return "VALUE_CONVERTER";
        case flow::Stage::encode:
            return "TRANSFORMATION";
        case flow::Stage::write:
            return "TASK_PUT";
    }
    return "TASK_PUT";
}

std::string time_text(WallTime time) {
    return time == WallTime{} ? std::string{} : format_timestamp(time);
}

struct Said {
    std::string reason;
    std::string message;
};

/// Reason and message are never empty.
Said say(flow::Refusal const& refusal, std::size_t bytes_max) {
    auto reason = clean_text(refusal.reason, dead_letter_message_bytes_max);
    if (reason.empty()) reason = "unknown";
    auto message = clean_text(refusal.message, bytes_max);
    if (message.empty()) message = clean_text(reason, bytes_max);
    return {std::move(reason), std::move(message)};
}

std::vector<OwnedHeader> own_headers(flow::Record const& record, flow::FailureReport const& report,
                                     DeadLetterOrigin const& origin, std::size_t bytes_max) {
    auto const [reason, message] = say(report.refusal, bytes_max);
    auto const topic = clean_text(record.origin->topic, topic_bytes_max);
    auto const partition = std::to_string(record.origin->partition);
    auto const offset = std::to_string(record.offset);
    auto const timestamp = record.timestamp_ms < 0 ? "" : std::to_string(record.timestamp_ms);
    return {
        {"headrace.topic", topic},
        {"headrace.partition", partition},
        {"headrace.offset", offset},
        {"headrace.timestamp", timestamp},
        {"headrace.route", std::string(origin.route)},
        {"headrace.destination", std::string(origin.destination_type)},
        {"headrace.stage", std::string(to_string(report.refusal.stage))},
        {"headrace.reason", reason},
        {"headrace.status", clean_text(report.refusal.status, dead_letter_message_bytes_max)},
        {std::string(own_message), message},
        {"headrace.attempts", std::to_string(report.attempts)},
        {"headrace.first_failure", time_text(report.first_failure)},
        {"headrace.last_failure", time_text(report.last_failure)},
        {"headrace.replays", "0"},
        {"headrace.version", std::string(origin.version)},
        {"__connect.errors.topic", topic},
        {"__connect.errors.partition", partition},
        {"__connect.errors.offset", offset},
        {"__connect.errors.connector.name", std::string(origin.route)},
        {"__connect.errors.task.id", "0"},
        {"__connect.errors.stage", std::string(connect_stage(report.refusal.stage))},
        {"__connect.errors.class.name", "headrace." + std::string(origin.destination_type)},
        {"__connect.errors.exception.class.name", "headrace." + reason},
        {std::string(connect_message), message},
    };
}

}  // namespace

std::string clean_text(std::string_view text, std::size_t bytes_max) {
    constexpr std::string_view replacement = "\xEF\xBF\xBD";
    std::string clean;
    for (std::size_t at = 0; at < text.size();) {
        auto const length = utf8_length(text, at);
        auto const piece = length == 0 ? replacement : text.substr(at, length);
        if (clean.size() + piece.size() > bytes_max) break;
        clean += piece;
        at += std::max<std::size_t>(length, 1);
    }
    return clean;
}

std::vector<OwnedHeader> dead_letter_headers(flow::Record const& record,
                                             flow::FailureReport const& report,
                                             DeadLetterOrigin const& origin,
                                             std::size_t message_bytes_max) {
    auto own = own_headers(record, report, origin, message_bytes_max);
    std::vector<OwnedHeader> all;
    for (auto const& header : record.headers()) {
        bool const is_ours = std::any_of(own.begin(), own.end(), [&](OwnedHeader const& entry) {
            return entry.name == header.name;
        });
        if (is_ours) continue;
        auto value = header.value ? std::optional{std::string(*header.value)} : std::nullopt;
        all.push_back({std::string(header.name), std::move(value)});
    }
    std::move(own.begin(), own.end(), std::back_inserter(all));
    return all;
}

void shorten_messages(std::vector<OwnedHeader>& headers, std::size_t bytes_max) {
    for (auto& header : headers) {
        if (header.name != own_message && header.name != connect_message) continue;
        if (header.value) header.value = clean_text(*header.value, bytes_max);
    }
}

}  // namespace headrace::kafka
