#include "emulator/tecton_control.hpp"

#include "emulator/control.hpp"
#include "emulator/json_text.hpp"
#include "emulator/tecton.hpp"

#include <array>
#include <optional>

namespace headrace::emulator {
namespace {

constexpr std::uint64_t rows_listed_max = 100'000;

std::optional<Role> role_of(std::string_view name) {
    if (name == "none") return Role::none;
    if (name == "viewer") return Role::viewer;
    if (name == "consumer") return Role::consumer;
    if (name == "editor") return Role::editor;
    if (name == "owner") return Role::owner;
    return std::nullopt;
}

bool read_key(ControlObject& object, ApiKey& key) {
    key.secret = object.text("secret");
    key.new_for = object.secs("new_for_secs");
    auto const role = role_of(object.text("role", "editor"));
    if (!role) object.complain("role");
    if (key.secret.empty()) object.complain("secret");
    key.role = role.value_or(Role::none);
    return object.wrong().empty();
}

bool read_view(JsonNode node, FeatureView& view) {
    ControlObject object(node);
    view.name = object.text("name");
    view.source = object.text("source", view.source);
    view.timestamp_field = object.text("timestamp_field", view.timestamp_field);
    view.aggregates = object.flag("aggregates", true);
    view.online = object.flag("online", true);
    view.offline = object.flag("offline", true);
    view.ttl = object.secs("ttl_secs");
    if (auto const keys = object.find("join_keys")) {
        keys->each_item([&](JsonNode key) {
            view.join_keys.push_back(key.text());
            return true;
        });
    }
    return object.wrong().empty() && !view.name.empty() && !view.source.empty() &&
           !view.join_keys.empty();
}

bool read_source(ControlObject& object, StreamSource& source) {
    source.workspace = object.text("workspace", "prod");
    source.name = object.text("name");
    source.id_field = object.text("id_field");
    source.new_for = object.secs("new_for_secs");
    auto const fields = object.find("fields");
    if (!fields || !fields->is(JsonKind::object)) object.complain("fields");
    if (source.name.empty()) object.complain("name");
    if (!object.wrong().empty()) return false;
    return fields->each_member([&](JsonNode key, JsonNode value) {
        auto type = parse_tecton_type(value.text());
        if (!type) object.complain("fields");
        if (type) source.fields.push_back({key.text(), std::move(*type)});
        return type.has_value();
    });
}

bool read_views(ControlObject& object, std::string const& source, std::vector<FeatureView>& views) {
    auto const list = object.find("views");
    if (!list) return true;
    bool const good = list->each_item([&](JsonNode node) {
        views.emplace_back().source = source;
        return read_view(node, views.back());
    });
    if (!good) object.complain("views");
    return good;
}

bool read_switches(ControlObject& object, TectonSwitches& switches) {
    struct Flag {
        std::string_view key;
        bool TectonSwitches::*member;
    };
    static constexpr std::array<Flag, 7> flags{
        {{"both_key_styles", &TectonSwitches::both_key_styles},
         {"keep_good_records", &TectonSwitches::keep_good_records},
         {"refuse_null", &TectonSwitches::refuse_null},
         {"refuse_missing", &TectonSwitches::refuse_missing},
         {"accept_compression", &TectonSwitches::accept_compression},
         {"accept_unknown", &TectonSwitches::accept_unknown},
         {"data_source_metrics", &TectonSwitches::data_source_metrics}}};
    struct Number {
        std::string_view key;
        std::size_t TectonSwitches::*member;
    };
    static constexpr std::array<Number, 3> numbers{
        {{"records_per_source_max", &TectonSwitches::records_per_source_max},
         {"sources_max", &TectonSwitches::sources_max},
         {"body_bytes_max", &TectonSwitches::body_bytes_max}}};
    for (auto const& flag : flags) {
        switches.*flag.member = object.flag(flag.key, switches.*flag.member);
    }
    for (auto const& number : numbers) {
        switches.*number.member = object.number(number.key, switches.*number.member);
    }
    return object.wrong().empty();
}

void write_figures(JsonText& json, TectonStats const& stats) {
    json.key("requests").number(stats.requests);
    json.key("ingest_requests").number(stats.ingest_requests);
    json.key("dry_runs").number(stats.dry_runs);
    json.key("records_received").number(stats.records_received);
    json.key("records_written").number(stats.records_written);
    json.key("records_acknowledged").number(stats.records_acknowledged);
    json.key("unanswered").number(stats.unanswered).key("by_status").open('{');
    for (auto const& [status, count] : stats.by_status) {
        json.key(std::to_string(status)).number(count);
    }
    json.close('}');
}

}  // namespace

http::ServerResponse TectonControl::answer(http::ServerRequest const& request, Moment now) {
    auto const name = request.path().substr(std::string_view("/_emulator/").size());
    if (name == "faults") return control_faults(emulator_.faults(), request, now.at);
    if (request.method == "GET" && name == "stats") return stats();
    if (request.method == "GET" && name == "rows") return rows(request);
    if (request.method == "GET" && name == "ids") return ids(request);
    if (request.method == "POST" && name == "reset") {
        emulator_.reset();
        return control_ok();
    }
    if (request.method == "POST") return change(request, now);
    if (request.method == "DELETE") return remove(request);
    return control_error(404, "no such page, see docs/emulators.md");
}

http::ServerResponse TectonControl::stats() const {
    JsonText json;
    json.open('{');
    write_figures(json, emulator_.stats());
    auto const& progress = emulator_.in_progress();
    json.key("in_progress").number(progress.now());
    json.key("in_progress_max").number(progress.greatest());
    json.key("keys_at_once").number(progress.keys_at_once());
    json.key("keys_at_once_stalled").number(progress.keys_at_once_stalled());
    json.key("sources").open('{');
    for (auto const& [name, source] : emulator_.store().sources()) {
        json.key(name).open('{').key("requests").number(source.requests);
        json.key("records_received").number(source.records_received);
        json.key("records_written").number(source.records_written);
        json.key("records_per_request_max").number(source.records_per_request_max);
        json.key("distinct_ids").number(source.ids.distinct());
        json.key("duplicate_ids").number(source.ids.duplicates()).close('}');
    }
    json.close('}').key("views").open('{');
    auto const& views = emulator_.settings().views;
    for (std::size_t i = 0; i < views.size(); ++i) {
        auto const view = emulator_.store().view(i);
        json.key(views[i].name).open('{').key("rows").number(view.rows);
        json.key("writes").number(view.writes).key("repeated").number(view.repeated);
        json.key("overwritten").number(view.overwritten);
        json.key("not_kept").number(view.not_kept).close('}');
    }
    return control_ok(json.close('}').close('}').take());
}

http::ServerResponse TectonControl::rows(http::ServerRequest const& request) const {
    auto const view_name = request.query("view");
    auto const source = request.query("source");
    auto const field = request.query("field");
    auto const offset = query_number(request, "offset", 0, ~0ULL);
    auto const limit = query_number(request, "limit", 1000, rows_listed_max);
    auto const& views = emulator_.settings().views;
    for (std::size_t i = 0; i < views.size(); ++i) {
        if (view_name.empty() ? views[i].source != source : views[i].name != view_name) continue;
        JsonText json;
        json.open('{').key(field.empty() ? "rows" : "values").open('[');
        JsonTree tree;
        for (auto const& row : emulator_.store().rows(i, offset, limit)) {
            if (field.empty()) {
                json.open('{').key("key").string(row.key).key("ns").number(row.ns);
                json.key("record").raw(row.record.empty() ? "null" : row.record).close('}');
                continue;
            }
            auto const value = tree.parse(row.record) ? tree.root().find(field) : std::nullopt;
            json.raw(value ? value->raw() : "null");
        }
        return control_ok(json.close(']').close('}').take());
    }
    return control_error(404, "no such feature view: give ?view= or ?source=");
}

http::ServerResponse TectonControl::ids(http::ServerRequest const& request) const {
    static IdTally const none;
    auto const& sources = emulator_.store().sources();
    auto const found = sources.find(request.query("source"));
    JsonText json;
    json.open('{');
    write_ids(json, found == sources.end() ? none : found->second.ids, request);
    return control_ok(json.close('}').take());
}

http::ServerResponse TectonControl::change(http::ServerRequest const& request, Moment now) {
    auto const name = request.path().substr(std::string_view("/_emulator/").size());
    JsonTree tree;
    if (auto parsed = tree.parse(request.body); !parsed) {
        return control_error(400, parsed.error().message);
    }
    ControlObject object(tree.root());
    if (name == "keys") {
        ApiKey key;
        if (read_key(object, key)) emulator_.set_key(std::move(key), now.at);
    } else if (name == "workspaces") {
        Workspace space{object.text("name"), object.flag("live", true)};
        if (space.name.empty()) object.complain("name");
        if (object.wrong().empty()) emulator_.set_workspace(std::move(space));
    } else if (name == "sources") {
        StreamSource source;
        std::vector<FeatureView> views;
        if (read_source(object, source) && read_views(object, source.name, views)) {
            emulator_.set_source(std::move(source), now.at);
            for (auto& view : views) {
                emulator_.set_view(std::move(view));
            }
        }
    } else if (name == "switches") {
        auto switches = emulator_.switches();
        if (read_switches(object, switches)) emulator_.switches() = switches;
    } else {
        return control_error(404, "no such page, see docs/emulators.md");
    }
    if (object.wrong().empty()) return control_ok();
    return control_error(400, "`" + object.wrong() + "` is missing or not allowed");
}

http::ServerResponse TectonControl::remove(http::ServerRequest const& request) {
    auto const name = request.path().substr(std::string_view("/_emulator/").size());
    bool removed = false;
    if (name == "keys") removed = emulator_.remove_key(request.query("secret"));
    if (name == "workspaces") removed = emulator_.remove_workspace(request.query("name"));
    if (name == "sources") removed = emulator_.remove_source(request.query("name"));
    return removed ? control_ok() : control_error(404, "nothing of that name");
}

}  // namespace headrace::emulator
