#include "emulator/milvus_control.hpp"

#include "emulator/control.hpp"
#include "emulator/json_text.hpp"
#include "emulator/milvus.hpp"
#include "emulator/milvus_collections.hpp"

#include <algorithm>
#include <array>

namespace headrace::emulator {
namespace {

constexpr std::uint64_t rows_listed_max = 100'000;

std::string place_of(http::ServerRequest const& request) {
    auto database = request.query("database");
    if (database.empty()) database = "default";
    return database + "/" + request.query("collection");
}

std::vector<std::string> read_texts(ControlObject& object, std::string_view key) {
    std::vector<std::string> texts;
    auto const list = object.find(key);
    if (!list) return texts;
    if (!list->is(JsonKind::array)) object.complain(key);
    list->each_item([&](JsonNode item) {
        texts.push_back(item.text());
        return true;
    });
    return texts;
}

bool read_switches(ControlObject& object, MilvusSwitches& switches) {
    struct Flag {
        std::string_view key;
        bool MilvusSwitches::*member;
    };
    static constexpr std::array<Flag, 9> flags{
        {{"keep_equal_keys", &MilvusSwitches::keep_equal_keys},
         {"quotas", &MilvusSwitches::quotas},
         {"lenient", &MilvusSwitches::lenient},
         {"idempotency", &MilvusSwitches::idempotency},
         {"standard_statuses", &MilvusSwitches::standard_statuses},
         {"int64_as_text", &MilvusSwitches::int64_as_text},
         {"accept_compression", &MilvusSwitches::accept_compression},
         {"old_delete_answer", &MilvusSwitches::old_delete_answer},
         {"reset_over_cap", &MilvusSwitches::reset_over_cap}}};
    for (auto const& flag : flags) {
        switches.*flag.member = object.flag(flag.key, switches.*flag.member);
    }
    switches.body_bytes_max = object.number("body_bytes_max", switches.body_bytes_max);
    switches.rows_per_request_max =
        object.number("rows_per_request_max", switches.rows_per_request_max);
    auto const lag = object.number("bounded_lag_ms", switches.bounded_lag_ms);
    switches.bounded_lag_ms = static_cast<std::uint32_t>(std::min<std::uint64_t>(lag, 3'600'000));
    return object.wrong().empty();
}

template <class Counts>
void write_map(JsonText& json, std::string_view name, Counts const& counts) {
    json.key(name).open('{');
    for (auto const& [key, count] : counts) {
        json.key(std::to_string(key)).number(count);
    }
    json.close('}');
}

void write_counts(JsonText& json, MilvusStore::CollectionCounts const& entry) {
    auto const& counts = *entry.counts;
    json.key(entry.collection).open('{').key("rows").number(entry.rows);
    json.key("requests").number(counts.requests);
    json.key("rows_received").number(counts.rows_received);
    json.key("rows_written").number(counts.rows_written);
    json.key("keys_deleted").number(counts.keys_deleted);
    json.key("keys_repeated").number(counts.keys_repeated);
    json.key("rows_per_request_max").number(counts.rows_per_request_max);
    json.key("distinct_ids").number(counts.ids.distinct());
    json.key("duplicate_ids").number(counts.ids.duplicates()).close('}');
}

}  // namespace

http::ServerResponse MilvusControl::answer(http::ServerRequest const& request, Moment now) {
    auto const name = request.path().substr(std::string_view("/_emulator/").size());
    if (name == "faults") return control_faults(emulator_.faults(), request, now.at);
    if (request.method == "GET" && name == "stats") return stats();
    if (request.method == "GET" && name == "rows") return rows(request, now);
    if (request.method == "GET" && name == "ids") return ids(request);
    if (request.method == "POST" && name == "reset") {
        emulator_.reset();
        return control_ok();
    }
    if (request.method == "POST") return change(request);
    if (request.method == "DELETE" && name == "collections") {
        auto const place = place_of(request);
        bool const removed = emulator_.remove_collection(place.substr(0, place.find('/')),
                                                         request.query("collection"));
        return removed ? control_ok() : control_error(404, "no collection of that name");
    }
    return control_error(404, "no such page, see docs/emulators.md");
}

http::ServerResponse MilvusControl::stats() const {
    auto const& stats = emulator_.stats();
    auto const& progress = emulator_.in_progress();
    JsonText json;
    json.open('{').key("requests").number(stats.requests);
    json.key("write_requests").number(stats.write_requests);
    json.key("rows_received").number(stats.rows_received);
    json.key("rows_written").number(stats.rows_written);
    json.key("rows_acknowledged").number(stats.rows_acknowledged);
    json.key("unanswered").number(stats.unanswered);
    json.key("late_writes").number(stats.late_writes);
    write_map(json, "by_status", stats.by_status);
    write_map(json, "by_code", stats.by_code);
    json.key("in_progress").number(progress.now());
    json.key("in_progress_max").number(progress.greatest());
    json.key("keys_at_once").number(progress.keys_at_once());
    json.key("keys_at_once_stalled").number(progress.keys_at_once_stalled());
    json.key("collections").open('{');
    for (auto const& entry : emulator_.store().all_counts()) {
        write_counts(json, entry);
    }
    return control_ok(json.close('}').close('}').take());
}

http::ServerResponse MilvusControl::rows(http::ServerRequest const& request, Moment now) const {
    std::vector<std::string> partitions;
    if (auto name = request.query("partition"); !name.empty()) {
        partitions.push_back(std::move(name));
    }
    auto const field = request.query("field");
    auto const rows =
        emulator_.store().rows(place_of(request), partitions, now.at, Duration::zero());
    auto const offset = query_number(request, "offset", 0, rows.size());
    auto const limit = query_number(request, "limit", 1000, rows_listed_max);
    auto const end = std::min<std::uint64_t>(rows.size(), offset + limit);
    JsonText json;
    JsonTree tree;
    json.open('{').key(field.empty() ? "rows" : "values").open('[');
    for (auto i = offset; i < end; ++i) {
        auto const& row = rows[i];
        if (field.empty()) {
            json.open('{').key("partition").string(row.partition).key("key").string(row.key);
            json.key("row").raw(row.text.empty() ? "null" : row.text).close('}');
            continue;
        }
        auto const value = tree.parse(row.text) ? tree.root().find(field) : std::nullopt;
        json.raw(value ? value->raw() : "null");
    }
    return control_ok(json.close(']').close('}').take());
}

http::ServerResponse MilvusControl::ids(http::ServerRequest const& request) const {
    static IdTally const none;
    auto const* tally = &none;
    for (auto const& entry : emulator_.store().all_counts()) {
        if (entry.collection == place_of(request)) tally = &entry.counts->ids;
    }
    JsonText json;
    json.open('{');
    write_ids(json, *tally, request);
    return control_ok(json.close('}').take());
}

http::ServerResponse MilvusControl::change(http::ServerRequest const& request) {
    auto const name = request.path().substr(std::string_view("/_emulator/").size());
    JsonTree tree;
    if (auto parsed = tree.parse(request.body); !parsed) {
        return control_error(400, parsed.error().message);
    }
    ControlObject object(tree.root());
    if (name == "collections") {
        auto collection = read_collection(tree.root(), object.text("dbName", "default"));
        if (!collection) return control_error(400, collection.error().message);
        collection->loaded = object.flag("loaded", true);
        collection->allow_insert_auto_id = object.flag("allow_insert_auto_id", false);
        collection->partitions = read_texts(object, "partitions");
        collection->id_field = object.text("id_field");
        if (object.wrong().empty()) emulator_.set_collection(std::move(*collection));
    } else if (name == "tokens") {
        auto tokens = read_texts(object, "tokens");
        auto read_only = read_texts(object, "read_only");
        if (object.wrong().empty()) {
            emulator_.set_tokens(std::move(tokens), std::move(read_only));
        }
    } else if (name == "switches") {
        auto switches = emulator_.switches();
        if (read_switches(object, switches)) emulator_.switches() = switches;
    } else {
        return control_error(404, "no such page, see docs/emulators.md");
    }
    if (object.wrong().empty()) return control_ok();
    return control_error(400, "`" + object.wrong() + "` is not allowed");
}

}  // namespace headrace::emulator
