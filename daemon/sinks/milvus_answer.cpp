#include "sinks/milvus_answer.hpp"

#include "sinks/answer_status.hpp"
#include "sinks/judgements.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

namespace headrace::sinks {
namespace {

using flow::BlockScope;
using flow::FailureReason;
using flow::UnknownName;
using flow::Verdict;

enum class Meaning {
    retry,           ///< A fault of the server that may pass.
    throttled,       ///< Too many requests: the same ones pass later.
    exhausted,       ///< Memory, disk, quota: clears when resources recover.
    limiter,         ///< 1807: the inner text decides.
    split,           ///< Some row is refused.
    split_doubtful,  ///< The same, unless our schema is old.
    changed,         ///< The schema changed under us.
    missing,         ///< Collection or partition missing, not loaded or misnamed.
    blocked,         ///< The whole destination is set up wrongly.
};

/// Absent, not merely unloaded.
constexpr std::int64_t code_no_collection = 100;
constexpr std::int64_t code_no_partition = 200;

struct CodeRule {
    std::int64_t first;
    std::int64_t last;
    Meaning meaning;
};

// The contract's table (section 3); what is not listed is a fault of the server.
constexpr std::array code_rules{
    CodeRule{3, 3, Meaning::exhausted},
    CodeRule{4, 4, Meaning::throttled},
    CodeRule{7, 7, Meaning::exhausted},
    CodeRule{8, 8, Meaning::throttled},
    CodeRule{9, 9, Meaning::exhausted},
    CodeRule{10, 10, Meaning::blocked},
    CodeRule{11, 11, Meaning::exhausted},
    CodeRule{100, 101, Meaning::missing},
    CodeRule{109, 109, Meaning::changed},
    CodeRule{200, 201, Meaning::missing},
    CodeRule{800, 800, Meaning::blocked},
    CodeRule{802, 802, Meaning::blocked},
    CodeRule{1100, 1100, Meaning::split_doubtful},
    CodeRule{1101, 1102, Meaning::split},
    CodeRule{1400, 1401, Meaning::blocked},
    CodeRule{1700, 1701, Meaning::split},
    CodeRule{1800, 1800, Meaning::blocked},
    CodeRule{1801, 1801, Meaning::split},
    CodeRule{1802, 1803, Meaning::blocked},
    CodeRule{1804, 1804, Meaning::split_doubtful},
    CodeRule{1805, 1805, Meaning::blocked},
    CodeRule{1806, 1806, Meaning::split},
    CodeRule{1807, 1807, Meaning::limiter},
};

[[nodiscard]] Meaning meaning_of_code(std::int64_t code) noexcept {
    for (CodeRule const& rule : code_rules) {
        if (code >= rule.first && code <= rule.last) return rule.meaning;
    }
    return Meaning::retry;
}

[[nodiscard]] std::optional<std::int64_t> integer_at(std::string_view object,
                                                     std::string_view pointer) {
    auto const raw = find_raw(object, pointer);
    if (!raw) return std::nullopt;
    std::int64_t value = 0;
    auto const [end, code] = std::from_chars(raw->data(), raw->data() + raw->size(), value);
    if (code != std::errc{} || end != raw->data() + raw->size()) return std::nullopt;
    return value;
}

struct Body {
    std::string_view text;
    std::optional<std::int64_t> code;
    std::string message;  ///< Of the body; empty if it has none.
    bool has_data = false;
    bool has_fields = false;            ///< Of a describe.
    std::optional<std::int64_t> count;  ///< upsertCount, insertCount or deleteCount.

    /// The message, or the body's beginning. Only a failure needs it.
    [[nodiscard]] std::string words() const {
        if (!message.empty()) return message;
        return text.empty() ? "an empty body" : std::string(text.substr(0, 2048));
    }
};

[[nodiscard]] Body read_body(JsonValidator& validator, std::string_view text,
                             MilvusOperation operation) {
    Body body{.text = text};
    if (validator.check_object(text)) {
        body.code = integer_at(text, "/code");
        if (auto const raw = find_raw(text, "/message"))
            body.message = unescape(*raw).value_or(std::string());
        auto const object = find_raw(text, "/data");
        body.has_data = object.has_value() && *object != "null";
        body.has_fields = find_raw(text, "/data/fields").has_value();
        switch (operation) {
            case MilvusOperation::upsert:
                body.count = integer_at(text, "/data/upsertCount");
                break;
            case MilvusOperation::insert:
                body.count = integer_at(text, "/data/insertCount");
                break;
            case MilvusOperation::erase:
                body.count = integer_at(text, "/data/deleteCount");
                break;
            case MilvusOperation::describe:
                break;
        }
    }
    return body;
}

[[nodiscard]] bool contains(std::string_view text, std::string_view word) {
    auto const lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    auto const same = [lower](char left, char right) { return lower(left) == lower(right); };
    return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

[[nodiscard]] bool is_count_as_sent(Body const& body, MilvusAsk const& ask) {
    return body.count && *body.count >= 0 && static_cast<std::uint64_t>(*body.count) == ask.records;
}

/// Code 0 with HTTP 200.
[[nodiscard]] flow::Judgement judge_success(Body const& body, MilvusAsk const& ask) {
    if (ask.operation == MilvusOperation::describe) {
        if (body.has_fields) return judge_delivered();
        return judge_as(Verdict::retry, FailureReason::bad_response,
                        "the answer to describe has no fields: " + body.words());
    }
    // Versions differ in what they count as deleted, some say nothing; deleting again does no harm.
    if (ask.operation == MilvusOperation::erase || is_count_as_sent(body, ask))
        return judge_delivered();
    return judge_as(Verdict::retry, FailureReason::bad_response,
                    "Milvus counts " +
                        (body.count ? std::to_string(*body.count) : std::string("no")) +
                        " rows of " + std::to_string(ask.records) + " that were sent");
}

/// Before 2.4.3 code 200 was success; else it means that the partition is missing. Only proof
/// counts.
[[nodiscard]] bool is_old_success(int status, Body const& body, MilvusAsk const& ask) {
    if (status != 200 || body.code != 200 || !body.message.empty()) return false;
    return ask.operation == MilvusOperation::describe ? body.has_fields
                                                      : is_count_as_sent(body, ask);
}

[[nodiscard]] flow::Judgement judge_limiter(Body const& body, MilvusAsk const& ask) {
    if (contains(body.message, "rate limit"))
        return judge_throttled(milvus_rate_hold, "Milvus limits the rate: " + body.words());
    if (contains(body.message, "quota"))
        return judge_throttled(milvus_quota_hold, "Milvus denies writing: " + body.words());
    bool const is_database = contains(body.message, "database");
    auto judgement =
        judge_blocked(is_database ? BlockScope::destination : BlockScope::target,
                      "Milvus does not know " + std::string(ask.target) + ": " + body.words());
    // Servers before 2.6 speak of an absent partition so.
    bool const is_absent = contains(body.message, "not found");
    if (is_absent && contains(body.message, "partition")) judgement.unknown = UnknownName::place;
    return judgement;
}

[[nodiscard]] flow::Judgement judge_code(Meaning meaning, Body const& body, MilvusAsk const& ask) {
    switch (meaning) {
        case Meaning::retry:
            return judge_as(Verdict::retry, FailureReason::server_error,
                            "Milvus fails: " + body.words());
        case Meaning::throttled:
            return judge_throttled(milvus_rate_hold, "Milvus is full: " + body.words());
        case Meaning::exhausted:
            return judge_throttled(milvus_quota_hold,
                                   "Milvus is short of resources: " + body.words());
        case Meaning::limiter:
            return judge_limiter(body, ask);
        case Meaning::split:
        case Meaning::split_doubtful:
            return judge_rejected("Milvus refuses: " + body.words());
        case Meaning::changed:
            return judge_as(Verdict::retry, FailureReason::rejected,
                            "the collection's schema changed: " + body.words());
        case Meaning::missing:
            return judge_blocked(
                BlockScope::target,
                std::string(ask.target) + " is missing or not loaded: " + body.words());
        case Meaning::blocked:
            break;
    }
    return judge_blocked(
        BlockScope::destination,
        "Milvus does not let us write; check destination.token, database and url: " + body.words());
}

/// No code in the body: not from Milvus's handler, or broken.
[[nodiscard]] flow::Judgement judge_status(int status, Body const& body) {
    StatusMeaning const plain = meaning_of_status(status);
    std::string message = "the answer is none of Milvus's: ";
    if (status == 404) {
        message =
            "there is no REST v2 at this address; check destination.url, and that the server is "
            "2.4 or newer: ";
    }
    return judge_as(plain.verdict, plain.reason, message + body.words());
}

[[nodiscard]] MilvusAnswer judge_rows(int status, Body const& body, MilvusAsk const& ask) {
    if (status == 401 || status == 403) {
        return {.judgement =
                    judge_blocked(BlockScope::destination,
                                  "Milvus does not take the token, or it may not write; check "
                                  "destination.token: " +
                                      body.words())};
    }
    if (!body.code) return {.judgement = judge_status(status, body)};
    if (body.code == 0 && status == 200) return {.judgement = judge_success(body, ask)};
    if (body.code == 0) return {.judgement = judge_status(status, body)};
    if (is_old_success(status, body, ask)) return {.judgement = judge_delivered()};
    Meaning const meaning = meaning_of_code(*body.code);
    MilvusAnswer answer{.judgement = judge_code(meaning, body, ask)};
    answer.schema_changed = meaning == Meaning::changed;
    answer.schema_doubtful = meaning == Meaning::split_doubtful;
    answer.is_missing = meaning == Meaning::missing;
    if (body.code == code_no_collection) answer.judgement.unknown = UnknownName::source;
    if (body.code == code_no_partition) answer.judgement.unknown = UnknownName::place;
    // A gateway's 429 around any code that may pass.
    if (status == 429 && answer.judgement.verdict == Verdict::retry)
        answer.judgement.reason = FailureReason::throttled;
    return answer;
}

}  // namespace

MilvusAnswer judge_milvus(JsonValidator& validator, http::Response const& answer,
                          MilvusAsk const& ask) {
    Body const body = read_body(validator, answer.body, ask.operation);
    MilvusAnswer result = judge_rows(answer.status, body, ask);
    flow::Judgement& judgement = result.judgement;
    judgement.status = std::to_string(answer.status);
    if (body.code) judgement.status += "/" + std::to_string(*body.code);
    return result;
}

}  // namespace headrace::sinks
