#include "emulator/control.hpp"

#include "emulator/fault_json.hpp"
#include "emulator/json_text.hpp"

#include <algorithm>
#include <charconv>

namespace headrace::emulator {
namespace {

/// The range in which missing ids are looked for.
constexpr std::uint64_t ids_checked_max = 100'000'000;
constexpr std::uint64_t missing_listed_max = 10'000;
constexpr std::size_t rules_max = 1000;

template <class T>
bool read_all(std::string_view text, T& out) {
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size();
}

http::ServerResponse list_faults(FaultSchedule const& faults) {
    JsonText json;
    json.open('{').key("faults").open('[');
    for (auto const& entry : faults.entries()) {
        write_fault(json, entry);
    }
    return control_ok(json.close(']').close('}').take());
}

http::ServerResponse add_faults(FaultSchedule& faults, http::ServerRequest const& request,
                                TimePoint now) {
    JsonTree tree;
    if (auto parsed = tree.parse(request.body); !parsed) {
        return control_error(400, parsed.error().message);
    }
    std::vector<FaultRule> rules;
    std::string wrong;
    auto const read = [&](JsonNode node) {
        auto rule = read_fault_rule(node);
        if (!rule) wrong = rule.error().message;
        if (rule) rules.push_back(std::move(*rule));
        return wrong.empty();
    };
    if (tree.root().is(JsonKind::array)) {
        tree.root().each_item(read);
    } else {
        read(tree.root());
    }
    if (wrong.empty() && faults.entries().size() + rules.size() > rules_max) {
        wrong = "more than " + std::to_string(rules_max) + " rules: DELETE /_emulator/faults";
    }
    if (!wrong.empty()) return control_error(400, wrong);
    JsonText json;
    json.open('{').key("ids").open('[');
    for (auto& rule : rules) {
        json.number(faults.add(std::move(rule), now));
    }
    return control_ok(json.close(']').close('}').take());
}

}  // namespace

http::ServerResponse control_ok(std::string body) {
    http::ServerResponse answer;
    answer.body = std::move(body);
    return answer;
}

http::ServerResponse control_error(int status, std::string_view message) {
    JsonText json;
    json.open('{').key("error").string(message).close('}');
    auto answer = control_ok(json.take());
    answer.status = status;
    return answer;
}

http::ServerResponse control_faults(FaultSchedule& faults, http::ServerRequest const& request,
                                    TimePoint now) {
    if (request.method == "GET") return list_faults(faults);
    if (request.method == "POST") return add_faults(faults, request, now);
    if (request.method != "DELETE") return control_error(405, "GET, POST or DELETE");
    auto const id = request.query("id");
    if (id.empty()) {
        faults.clear();
        return control_ok();
    }
    std::uint64_t number = 0;
    if (read_all(id, number) && faults.remove(number)) return control_ok();
    return control_error(404, "no fault rule of that id");
}

std::uint64_t query_number(http::ServerRequest const& request, std::string_view name,
                           std::uint64_t fallback, std::uint64_t max) {
    std::uint64_t number = 0;
    return std::min(read_all(request.query(name), number) ? number : fallback, max);
}

void write_ids(JsonText& out, IdTally const& ids, http::ServerRequest const& request) {
    out.key("distinct").number(ids.distinct()).key("duplicates").number(ids.duplicates());
    auto const count = query_number(request, "count", 0, ids_checked_max);
    if (count == 0) return;
    auto const limit = query_number(request, "limit", 100, missing_listed_max);
    auto const missing = ids.missing(static_cast<std::int64_t>(count), limit);
    out.key("missing").number(missing.total).key("first_missing").open('[');
    for (auto const id : missing.first) {
        out.number(id);
    }
    out.close(']');
}

void ControlObject::complain(std::string_view key) {
    if (wrong_.empty()) wrong_ = key;
}

std::string ControlObject::text(std::string_view key, std::string fallback) {
    auto const value = node_.find(key);
    if (!value) return fallback;
    if (!value->is(JsonKind::string)) complain(key);
    return value->text();
}

bool ControlObject::flag(std::string_view key, bool fallback) {
    auto const value = node_.find(key);
    if (!value) return fallback;
    if (!value->is_bool()) complain(key);
    return value->is(JsonKind::yes);
}

std::uint64_t ControlObject::number(std::string_view key, std::uint64_t fallback) {
    auto const value = node_.find(key);
    if (!value) return fallback;
    std::uint64_t number = 0;
    if (!read_all(value->raw(), number)) complain(key);
    return number;
}

Duration ControlObject::secs(std::string_view key) {
    auto const value = node_.find(key);
    double secs = 0;
    if (value && (!read_all(value->raw(), secs) || !(secs >= 0) || secs > 1e9)) {
        complain(key);
        return {};
    }
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(secs));
}

}  // namespace headrace::emulator
