#include "sinks/tecton_answer.hpp"

#include "sinks/answer_status.hpp"
#include "sinks/judgements.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace headrace::sinks {
namespace {

using flow::BlockScope;
using flow::FailureReason;
using flow::Verdict;

/// What is known of the body before the table is asked.
struct Body {
    std::string_view text;
    bool is_object = false;
    bool looks_delivered = false;    ///< It has workspaceName or ingestMetrics.
    bool has_record_errors = false;  ///< Not empty.
    bool has_request_error = false;

    /// What it says for people, or its beginning. Only a failure needs it.
    [[nodiscard]] std::string words() const;
};

[[nodiscard]] bool is_filled(std::optional<std::string_view> raw) {
    if (!raw || *raw == "null" || *raw == "false" || *raw == "\"\"") return false;
    bool const is_container = raw->front() == '[' || raw->front() == '{';
    return !is_container || raw->find_first_not_of(" \t\r\n", 1) != raw->size() - 1;
}

[[nodiscard]] std::string text_at(std::string_view object, std::string_view pointer) {
    auto const raw = find_raw(object, pointer);
    if (!raw) return {};
    return unescape(*raw).value_or(std::string());
}

/// `type: message` of the error that stands at `pointer`.
[[nodiscard]] std::string error_text(std::string_view object, std::string const& pointer) {
    std::string text = text_at(object, pointer + "/errorType");
    std::string const message = text_at(object, pointer + "/errorMessage");
    if (!text.empty() && !message.empty()) text += ": ";
    return text + message;
}

[[nodiscard]] Body read_body(JsonValidator& validator, std::string_view text) {
    Body body{.text = text};
    body.is_object = validator.check_object(text).has_value();
    if (body.is_object) {
        constexpr std::array<std::string_view, 4> names{"workspaceName", "ingestMetrics",
                                                        "recordErrors", "requestError"};
        std::array<std::optional<std::string_view>, names.size()> found;
        find_members(text, names, found);
        body.looks_delivered = found[0] || found[1];
        body.has_record_errors = is_filled(found[2]);
        body.has_request_error = is_filled(found[3]);
    }
    return body;
}

std::string Body::words() const {
    std::string said;
    if (has_record_errors) {
        said = error_text(text, "/recordErrors/0");
    } else if (has_request_error) {
        said = error_text(text, "/requestError");
    } else if (is_object) {
        said = text_at(text, "/message");
    }
    if (!said.empty()) return said;
    return text.empty() ? "an empty body" : std::string(text.substr(0, 2048));
}

[[nodiscard]] bool names(std::string_view text, std::string_view word) {
    auto const lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    auto const same = [lower](char left, char right) { return lower(left) == lower(right); };
    return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

[[nodiscard]] bool names_workspace(std::string_view text) {
    return names(text, "workspace");
}

/// A 404 that speaks of a source or its views too means those, whatever workspace they are in.
/// "Resource" is no source.
[[nodiscard]] bool names_source(std::string_view text) {
    if (names(text, "feature view") || names(text, "featureview")) return true;
    for (std::size_t at = 0; at < text.size(); ++at) {
        bool const is_resource = at >= 2 && names(text.substr(at - 2, 2), "re");
        if (!is_resource && names(text.substr(at, 6), "source")) return true;
    }
    return false;
}

[[nodiscard]] flow::Judgement not_found(Body const& body, TectonAsk const& ask) {
    if (names_workspace(body.words()) && !names_source(body.words())) {
        return judge_blocked(
            BlockScope::destination,
            "Tecton does not know the workspace; check destination.workspace_name: " +
                body.words());
    }
    auto judgement =
        judge_blocked(BlockScope::target,
                      "Tecton does not know the stream source " + std::string(ask.stream_sources) +
                          ", its workspace or a feature view of it: " + body.words());
    judgement.unknown = flow::UnknownName::source;
    return judgement;
}

[[nodiscard]] flow::Judgement refused(Body const& body) {
    return judge_rejected("Tecton refuses: " + body.words());
}

/// The rows of the contract's table (section 3), in its order.
[[nodiscard]] flow::Judgement judge_rows(int status, Body const& body, TectonAsk const& ask) {
    StatusMeaning const plain = meaning_of_status(status);
    if (status == 401) {
        return judge_blocked(
            BlockScope::destination,
            "Tecton does not take the API key; check destination.api_key: " + body.words());
    }
    if (status == 403) {
        return judge_blocked(
            BlockScope::destination,
            "the API key may not write; its service account needs the role Editor: " +
                body.words());
    }
    if (status == 404) return not_found(body, ask);
    if (plain.verdict == Verdict::retry && !is_success(status)) {
        return judge_as(plain.verdict, plain.reason, "Tecton is not available: " + body.words());
    }
    if (body.has_record_errors) return refused(body);
    if (body.has_request_error && names_workspace(body.words())) {
        return judge_blocked(
            BlockScope::destination,
            "Tecton refuses the workspace; check destination.workspace_name: " + body.words());
    }
    if (body.has_request_error || plain.verdict == Verdict::split) return refused(body);
    if (status == 200 && body.is_object && (body.looks_delivered || ask.dry_run))
        return judge_delivered();
    if (is_success(status)) {
        return judge_as(
            plain.verdict, plain.reason,
            "the answer has a status of success but is none of Tecton's: " + body.words());
    }
    return judge_blocked(
        BlockScope::destination,
        "the answer is none of Tecton's; check destination.url and what stands between: " +
            body.words());
}

}  // namespace

flow::Judgement judge_tecton(JsonValidator& validator, http::Response const& answer,
                             TectonAsk const& ask) {
    flow::Judgement judgement = judge_rows(answer.status, read_body(validator, answer.body), ask);
    judgement.status = std::to_string(answer.status);
    return judgement;
}

}  // namespace headrace::sinks
