#include "ops/control_protocol.hpp"

#include "base/json.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <map>
#include <utility>

namespace headrace::ops {
namespace {

using flow::RouteAction;

/// How much of a message an answer carries: it fits the line whatever must be escaped.
constexpr std::size_t message_bytes_max = control_answer_bytes_max / 6 - 256;

Error wrong(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message)};
}

/// The members of an object without nesting: names and raw values.
using Members = std::map<std::string, std::string_view, std::less<>>;

std::size_t after_string(std::string_view text, std::size_t at) {
    for (++at; text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
    }
    return at + 1;
}

std::size_t after_space(std::string_view text, std::size_t at) {
    return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

/// The line's members. What it walks over is valid JSON, so that every end it looks for is there.
Result<Members> read_members(std::string_view line) {
    if (auto const checked = JsonValidator().check_object(line); !checked)
        return wrong("the line is not one JSON object");
    Members members;
    auto at = after_space(line, line.find('{') + 1);
    while (line[at] != '}') {
        auto const name_end = after_string(line, at);
        auto name = unescape(line.substr(at, name_end - at));
        at = after_space(line, line.find(':', name_end) + 1);
        if (line[at] == '{' || line[at] == '[') return wrong("a member holds a list or an object");
        auto const end =
            line[at] == '"' ? after_string(line, at) : line.find_first_of(",} \t\r", at);
        if (!name || !members.emplace(*name, line.substr(at, end - at)).second)
            return wrong("a member stands twice or its name is not text");
        at = after_space(line, end);
        if (line[at] == ',') at = after_space(line, at + 1);
    }
    return members;
}

std::optional<std::string_view> find(Members const& members, std::string_view name) {
    auto const found = members.find(name);
    if (found == members.end()) return std::nullopt;
    return found->second;
}

std::optional<std::string> find_text(Members const& members, std::string_view name) {
    auto const raw = find(members, name);
    return raw ? unescape(*raw) : std::nullopt;
}

std::optional<std::uint64_t> find_number(Members const& members, std::string_view name) {
    auto const raw = find(members, name);
    std::uint64_t number = 0;
    if (!raw) return std::nullopt;
    auto const read = std::from_chars(raw->data(), raw->data() + raw->size(), number);
    bool const is_whole = read.ec == std::errc{} && read.ptr == raw->data() + raw->size();
    return is_whole ? std::optional(number) : std::nullopt;
}

std::optional<bool> find_flag(Members const& members, std::string_view name) {
    auto const raw = find(members, name);
    if (raw == "true") return true;
    if (raw == "false") return false;
    return std::nullopt;
}

Result<Members> read_versioned(std::string_view line) {
    auto members = read_members(line);
    if (!members) return members;
    auto const version = find_number(*members, "version");
    if (!version) return wrong("the line has no version");
    if (*version != control_version) {
        return wrong("version " + std::to_string(*version) + " is not spoken here, but " +
                     std::to_string(control_version) +
                     ": use the headrace binary that the daemon runs");
    }
    return members;
}

std::optional<RouteAction> parse_action(std::string_view name) {
    for (auto const action : {RouteAction::pause, RouteAction::resume, RouteAction::drain}) {
        if (name == flow::to_string(action)) return action;
    }
    return std::nullopt;
}

void append_member(std::string& out, std::string_view name, std::string_view raw) {
    out += out.empty() ? '{' : ',';
    append_json_string(out, name);
    out += ':';
    out += raw;
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
    std::string raw;
    append_json_string(raw, text);
    append_member(out, name, raw);
}

/// Every member is one of these, or one that every request has.
Result<void> check_known(Members const& members, std::initializer_list<std::string_view> own) {
    std::string list = "version, command";
    for (auto const& name : own)
        list.append(", ").append(name);
    for (auto const& [name, raw] : members) {
        bool const is_known = name == "version" || name == "command" ||
                              std::find(own.begin(), own.end(), name) != own.end();
        if (!is_known) return wrong("a member is not known: this command has " + list);
    }
    return {};
}

Result<ControlRequest> read_route_request(Members const& members) {
    if (auto const checked = check_known(members, {"action", "route"}); !checked)
        return checked.error();
    auto const action = parse_action(find_text(members, "action").value_or(""));
    if (!action) return wrong("action must be \"pause\", \"resume\" or \"drain\"");
    auto route = find_text(members, "route");
    if (!route || route->empty()) return wrong("route must be a route's name");
    return ControlRequest{.action = *action, .route = std::move(*route)};
}

Result<ControlRequest> read_log_level_request(Members const& members) {
    if (auto const checked = check_known(members, {"level"}); !checked) return checked.error();
    auto const level = parse_log_level(find_text(members, "level").value_or(""));
    if (!level) return wrong("level must be \"debug\", \"info\", \"warn\" or \"error\"");
    return ControlRequest{.command = ControlCommand::log_level, .level = *level};
}

std::string_view flag(bool yes) {
    return yes ? "true" : "false";
}

}  // namespace

std::string write_request(ControlRequest const& request) {
    std::string out;
    append_member(out, "version", std::to_string(control_version));
    switch (request.command) {
        case ControlCommand::route:
            append_text(out, "command", "route");
            append_text(out, "action", flow::to_string(request.action));
            append_text(out, "route", request.route);
            break;
        case ControlCommand::reload:
            append_text(out, "command", "reload");
            break;
        case ControlCommand::log_level:
            append_text(out, "command", "log-level");
            append_text(out, "level", to_string(request.level));
            break;
    }
    return out + "}\n";
}

std::string write_answer(ControlAnswer const& answer) {
    std::string out;
    append_member(out, "version", std::to_string(control_version));
    append_member(out, "done", flag(answer.is_done));
    append_text(out, "message", std::string_view(answer.message).substr(0, message_bytes_max));
    if (answer.records) {
        append_member(out, "open_records", std::to_string(answer.records->open));
        append_member(out, "returned_records", std::to_string(answer.records->returned));
        append_member(out, "committed", flag(answer.records->is_committed));
    }
    return out + "}\n";
}

Result<ControlRequest> read_request(std::string_view line) {
    auto const members = read_versioned(line);
    if (!members) return members.error();
    auto const command = find_text(*members, "command");
    if (command == "route") return read_route_request(*members);
    if (command == "log-level") return read_log_level_request(*members);
    if (command != "reload") return wrong("command must be \"route\", \"reload\" or \"log-level\"");
    if (auto const checked = check_known(*members, {}); !checked) return checked.error();
    return ControlRequest{.command = ControlCommand::reload};
}

Result<ControlAnswer> read_answer(std::string_view line) {
    auto const members = read_versioned(line);
    if (!members) return members.error();
    auto const is_done = find_flag(*members, "done");
    auto message = find_text(*members, "message");
    if (!is_done || !message) return wrong("the answer has no done or no message");
    ControlAnswer answer{*is_done, std::move(*message)};
    auto const open = find_number(*members, "open_records");
    auto const returned = find_number(*members, "returned_records");
    auto const committed = find_flag(*members, "committed");
    if (open && returned && committed)
        answer.records = ControlAnswer::Records{*open, *returned, *committed};
    return answer;
}

}  // namespace headrace::ops
