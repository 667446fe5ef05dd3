#include "emulator/fault_json.hpp"

#include "emulator/json_text.hpp"

#include <array>
#include <charconv>
#include <span>

namespace headrace::emulator {
namespace {

template <class T>
struct Name {
    std::string_view text;
    T value;
};

constexpr std::array<Name<FaultKind>, 14> kinds{{
    {"status", FaultKind::status},
    {"code", FaultKind::code},
    {"absent", FaultKind::absent},
    {"reset", FaultKind::reset},
    {"stall", FaultKind::stall},
    {"goaway", FaultKind::goaway},
    {"broken_body", FaultKind::broken_body},
    {"truncated", FaultKind::truncated},
    {"close_after", FaultKind::close_after},
    {"chunked", FaultKind::chunked},
    {"byte_by_byte", FaultKind::byte_by_byte},
    {"latency", FaultKind::latency},
    {"wrong_count", FaultKind::wrong_count},
    {"success_200", FaultKind::success_200},
}};
constexpr std::array<Name<WriteEffect>, 5> effects{{
    {"none", WriteEffect::none},
    {"whole", WriteEffect::whole},
    {"part", WriteEffect::part},
    {"late", WriteEffect::late},
    {"after_newer", WriteEffect::after_newer},
}};
constexpr std::array<Name<BodyForm>, 5> bodies{{
    {"json", BodyForm::json},
    {"grpc", BodyForm::grpc},
    {"none", BodyForm::none},
    {"html", BodyForm::html},
    {"text", BodyForm::text},
}};
constexpr std::array<Name<RetryAfter>, 3> retry_afters{{
    {"absent", RetryAfter::absent},
    {"seconds", RetryAfter::seconds},
    {"date", RetryAfter::date},
}};

template <class T>
bool read_name(JsonNode value, std::span<Name<T> const> names, T& out) {
    for (auto const& name : names) {
        if (!value.equals(name.text)) continue;
        out = name.value;
        return true;
    }
    return false;
}

template <class T>
bool read_number(JsonNode value, T& out) {
    auto const raw = value.raw();
    auto const [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), out);
    return value.is_number() && error == std::errc{} && end == raw.data() + raw.size();
}

bool read_text(JsonNode value, std::string& out) {
    out = value.text();
    return value.is(JsonKind::string);
}

bool read_bool(JsonNode value, bool& out) {
    out = value.is(JsonKind::yes);
    return value.is_bool();
}

bool read_secs(JsonNode value, Duration& out) {
    double secs = 0;
    if (!read_number(value, secs) || secs < 0 || secs > 1e9) return false;
    out = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(secs));
    return true;
}

bool read_answer_key(std::string_view key, JsonNode value, Fault& fault) {
    if (key == "status") {
        return read_number(value, fault.status) && fault.status >= 200 && fault.status <= 599;
    }
    if (key == "body") return read_name<BodyForm>(value, bodies, fault.body);
    if (key == "retry_after") return read_name<RetryAfter>(value, retry_afters, fault.retry_after);
    if (key == "retry_after_secs") return read_number(value, fault.retry_after_secs);
    if (key == "code") return read_number(value, fault.code);
    if (key == "message") return read_text(value, fault.message);
    if (key == "write") return read_name<WriteEffect>(value, effects, fault.write);
    if (key == "written_share") return read_number(value, fault.written_share);
    if (key == "late_ms") return read_number(value, fault.late_ms);
    if (key == "wait_ms") return read_number(value, fault.wait_ms);
    if (key == "count_error") return read_number(value, fault.count_error);
    if (key == "p50_ms") return read_number(value, fault.p50_ms) && fault.p50_ms >= 0;
    if (key == "p99_ms") return read_number(value, fault.p99_ms) && fault.p99_ms >= 0;
    if (key == "documented") return read_bool(value, fault.documented);
    return false;
}

bool read_key(std::string_view key, JsonNode value, FaultRule& rule) {
    if (key == "kind") return read_name<FaultKind>(value, kinds, rule.fault.kind);
    if (key == "operation") return read_text(value, rule.operation);
    if (key == "target" || key == "source" || key == "collection") {
        return read_text(value, rule.target);
    }
    if (key == "skip") return read_number(value, rule.skip);
    if (key == "count") return read_number(value, rule.count);
    if (key == "rate") return read_number(value, rule.rate) && rule.rate >= 0 && rule.rate <= 1;
    if (key == "from_secs") return read_secs(value, rule.from);
    if (key == "until_secs") return read_secs(value, rule.until);
    return read_answer_key(key, value, rule.fault);
}

}  // namespace

Result<FaultRule> read_fault_rule(JsonNode object) {
    FaultRule rule;
    std::string wrong;
    if (!object.is(JsonKind::object) || !object.find("kind")) {
        return Error{ErrorCode::invalid_argument,
                     "a fault is an object with `kind`, see docs/emulators.md"};
    }
    object.each_member([&](JsonNode key, JsonNode value) {
        if (!read_key(key.text(), value, rule)) wrong = key.text();
        return wrong.empty();
    });
    if (wrong.empty()) return rule;
    return Error{ErrorCode::invalid_argument,
                 "`" + wrong +
                     "` is no key of a fault, or its value is not allowed: see "
                     "docs/emulators.md"};
}

void write_fault(JsonText& out, FaultSchedule::Entry const& entry) {
    out.open('{').key("id").number(entry.id);
    for (auto const& kind : kinds) {
        if (kind.value == entry.rule.fault.kind) out.key("kind").string(kind.text);
    }
    out.key("operation").string(entry.rule.operation);
    out.key("target").string(entry.rule.target);
    out.key("matched").number(entry.matched).key("fired").number(entry.fired).close('}');
}

}  // namespace headrace::emulator
