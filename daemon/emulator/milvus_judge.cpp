// The judging half of MilvusEmulator: what the true answer to a request is.
#include "emulator/json_text.hpp"
#include "emulator/milvus.hpp"
#include "emulator/milvus_codes.hpp"
#include "emulator/milvus_collections.hpp"
#include "emulator/milvus_filter.hpp"
#include "emulator/milvus_reads.hpp"
#include "http/message.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace headrace::emulator {
namespace {

constexpr std::size_t idempotency_key_max = 256;

MilvusOutcome fail(std::int64_t code, std::string message) {
    MilvusOutcome outcome;
    outcome.failure = {code, std::move(message)};
    return outcome;
}

MilvusOutcome missing(std::string_view name) {
    return fail(1802, "missing required parameters, error: " + std::string(name));
}

bool is_base64_digit(char c, unsigned& value) {
    static constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    auto const at = digits.find(c);
    value = static_cast<unsigned>(at);
    return at != std::string_view::npos;
}

std::string decode_base64(std::string_view text) {
    std::string out;
    unsigned bits = 0;
    int count = 0;
    for (char const c : text) {
        unsigned value = 0;
        if (!is_base64_digit(c, value)) break;
        bits = (bits << 6U) | value;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xFFU);
    }
    return out;
}

/// What stands behind `Bearer `, or in Basic's base64; empty if neither.
std::string token_of(std::string_view header) {
    if (http::same_name(header.substr(0, 7), "Bearer ")) return std::string(header.substr(7));
    if (http::same_name(header.substr(0, 6), "Basic ")) return decode_base64(header.substr(6));
    return {};
}

bool contains(std::vector<std::string> const& list, std::string const& wanted) {
    return std::find(list.begin(), list.end(), wanted) != list.end();
}

bool wants_text_ids(http::ServerRequest const& request, bool fallback) {
    auto const header = request.header("Accept-Type-Allow-Int64");
    if (header == "true") return false;
    return header == "false" || fallback;
}

}  // namespace

bool MilvusEmulator::check_access(http::ServerRequest const& request, bool writes,
                                  MilvusOutcome& outcome) const {
    if (settings_.tokens.empty() && settings_.read_only_tokens.empty()) return true;
    auto const token = token_of(request.header("Authorization"));
    bool const reads_only = contains(settings_.read_only_tokens, token);
    if (!reads_only && !contains(settings_.tokens, token)) {
        outcome = fail(1800, "user hasn't authenticated");
        outcome.status = 401;
        return false;
    }
    if (!reads_only || !writes) return true;
    outcome = fail(65535, "permission deny: the role of the user has no privilege for this");
    outcome.status = 403;
    return false;
}

MilvusOutcome MilvusEmulator::judge(http::ServerRequest const& request, std::string_view operation,
                                    Result<void> const& parsed, Moment now) {
    MilvusOutcome outcome;
    auto const slash = operation.find('/');
    auto const area = operation.substr(0, slash);
    MilvusCall call;
    call.operation = operation.substr(slash + 1);
    call.int64_as_text = wants_text_ids(request, settings_.switches.int64_as_text);
    static constexpr std::array<std::string_view, 8> reads{
        "query", "get", "search", "has", "list", "describe", "get_load_state", "get_stats"};
    bool const writes = std::find(reads.begin(), reads.end(), call.operation) == reads.end();
    if (!check_access(request, writes, outcome)) return outcome;
    auto const encoding = request.header("Content-Encoding");
    auto const cap = settings_.switches.body_bytes_max;
    if (cap != 0 && request.body.size() > cap) {
        outcome = fail(1102, "request size " + std::to_string(request.body.size()) + " exceeds " +
                                 std::to_string(cap) + ": parameter too large");
        outcome.reset = settings_.switches.reset_over_cap;
        return outcome;
    }
    if ((!encoding.empty() && encoding != "identity") || !parsed ||
        !tree_.root().is(JsonKind::object)) {
        return fail(1801, "can only accept json format request");
    }
    call.body = tree_.root();
    auto const database = call.body.find("dbName");
    auto const name = call.body.find("collectionName");
    for (auto const& text : {database, name, call.body.find("partitionName")}) {
        if (text && !text->is(JsonKind::string)) {
            return fail(1801, "can only accept json format request");
        }
    }
    call.database = database ? database->text() : std::string(request.header("DB-Name"));
    if (call.database.empty()) call.database = "default";
    bool const needs_name = area != "collections" || call.operation != "list";
    if (needs_name && (!name || name->text().empty())) return missing("collectionName");
    if (!contains(settings_.databases, call.database)) {
        return fail(800, "database not found[database=" + call.database + "]");
    }
    if (name) call.collection = find_collection(call.database, name->text());
    if (area != "entities") return answer_collections(area, call, settings_, store_);
    if (call.collection == nullptr) {
        return fail(100, "can't find collection[database=" + call.database +
                             "][collection=" + name->text() + "]");
    }
    return judge_entities(request, call, now);
}

MilvusOutcome MilvusEmulator::judge_entities(http::ServerRequest const& request,
                                             MilvusCall const& call, Moment now) {
    auto const& collection = *call.collection;
    if (call.operation != "insert" && call.operation != "upsert" && call.operation != "delete") {
        return MilvusReads(store_, settings_.switches).answer(call, now.at);
    }
    auto const named = call.body.find("partitionName");
    std::string const partition = named ? named->text() : "";
    bool const has_partition_key =
        std::any_of(collection.fields.begin(), collection.fields.end(),
                    [](MilvusField const& field) { return field.is_partition_key; });
    if (!partition.empty() && has_partition_key) {
        return fail(1100,
                    "not support manually specifying the partition names if partition key "
                    "mode is used: invalid parameter");
    }
    if (!partition.empty() && !collection.has_partition(partition)) {
        auto const inner = "partition not found[partition=" + partition + "]";
        if (!settings_.switches.quotas) return fail(200, inner);
        MilvusOutcome outcome;
        outcome.failure = limiter_failure(inner);
        return outcome;
    }
    ++store_.counts(call.database + "/" + collection.name).requests;
    if (call.operation == "delete") return judge_delete(call, partition, now);
    return judge_rows(request, call, partition.empty() ? "_default" : partition);
}

MilvusOutcome MilvusEmulator::judge_rows(http::ServerRequest const& request, MilvusCall const& call,
                                         std::string partition) {
    auto const data = call.body.find("data");
    if (!data) return missing("data");
    if (!data->is(JsonKind::array)) return fail(1801, "can only accept json format request");
    if (data->size() == 0) return fail(1804, "fail to deal the insert data, error: no row");
    for (auto const key : {"partialUpdate", "fieldOps"}) {
        if (call.body.find(key)) return fail(1100, std::string(key) + " is not played here");
    }
    auto const cap = settings_.switches.rows_per_request_max;
    if (cap != 0 && data->size() > cap) {
        return fail(1100, "at most " + std::to_string(cap) + " rows: invalid parameter");
    }
    MilvusOutcome outcome;
    if (call.operation == "insert" && is_repeated_insert(request, outcome)) return outcome;
    bool const inserts = call.operation == "insert";
    auto const place = call.database + "/" + call.collection->name;
    auto& counts = store_.counts(place);
    counts.rows_received += data->size();
    counts.rows_per_request_max = std::max(counts.rows_per_request_max, data->size());
    stats_.rows_received += data->size();
    outcome.write = MilvusWrite{inserts ? MilvusWriteKind::insert : MilvusWriteKind::upsert,
                                place,
                                std::move(partition),
                                {}};
    outcome.write->rows.reserve(data->size());
    std::optional<MilvusFailure> fault;
    std::size_t number = 0;
    data->each_item([&](JsonNode row) {
        fault = take_row(row, number++, call, outcome);
        return !fault;
    });
    std::unordered_set<std::string_view> keys;
    bool equal_keys = false;
    for (auto const& row : outcome.write->rows) {
        equal_keys = !keys.insert(row.key).second || equal_keys;
    }
    if (!fault && !inserts && equal_keys && !settings_.switches.keep_equal_keys) {
        fault = MilvusFailure{1100,
                              "duplicate primary keys are not allowed in the same batch: "
                              "invalid parameter"};
    }
    if (fault) {
        outcome = {};
        outcome.failure = std::move(*fault);
        return outcome;
    }
    outcome.int64_as_text = call.int64_as_text;
    outcome.key_is_text = call.collection->primary().type == MilvusType::varchar;
    outcome.data = write_data(outcome, 0);
    return outcome;
}

std::optional<MilvusFailure> MilvusEmulator::take_row(JsonNode row, std::size_t number,
                                                      MilvusCall const& call,
                                                      MilvusOutcome& outcome) {
    auto const& collection = *call.collection;
    auto const operation =
        call.operation == "insert" ? MilvusOperation::insert : MilvusOperation::upsert;
    auto fault = find_row_fault(row, number, collection, operation, settings_.switches.lenient);
    if (fault) return fault;
    auto const& primary = collection.primary();
    auto const key = row.find(primary.name);
    bool const given = key && (!primary.auto_id || operation == MilvusOperation::insert);
    bool const keeps_text = settings_.switches.store == StoreForm::rows;
    outcome.write->rows.push_back(
        {given ? key_text(*key, primary.type) : std::to_string(next_auto_id_++),
         keeps_text ? std::string(row.raw()) : std::string()});
    auto const& id_field = collection.id_field;
    auto const id =
        id_field.empty() || id_field == primary.name ? std::nullopt : row.find(id_field);
    outcome.ids.push_back(id ? id->text() : outcome.write->rows.back().key);
    return std::nullopt;
}

bool MilvusEmulator::is_repeated_insert(http::ServerRequest const& request,
                                        MilvusOutcome& outcome) const {
    std::string key(request.header("Idempotency-Key"));
    if (key.empty()) return false;
    if (!settings_.switches.idempotency) {
        outcome = fail(1100, "Idempotency-Key is not enabled: invalid parameter");
        return true;
    }
    if (key.size() > idempotency_key_max) {
        outcome = fail(1100, "Idempotency-Key is longer than 256 bytes: invalid parameter");
        return true;
    }
    auto const first = first_answers_.find(key);
    if (first == first_answers_.end()) {
        outcome.idempotency_key = std::move(key);
        return false;
    }
    outcome.again = first->second;
    return true;
}

MilvusOutcome MilvusEmulator::judge_delete(MilvusCall const& call, std::string partition,
                                           Moment now) const {
    auto const text = call.body.find("filter");
    if (!text) return missing("filter");
    if (!text->is(JsonKind::string)) return fail(1801, "can only accept json format request");
    auto const filter = parse_milvus_filter(text->text(), call.body.find("exprParams"));
    if (!filter) return fail(1100, filter.error().message);
    if (filter->kind == MilvusFilter::Kind::everything) return missing("filter");
    auto const& collection = *call.collection;
    auto const place = call.database + "/" + collection.name;
    auto const& primary = collection.primary();
    MilvusOutcome outcome;
    outcome.write = MilvusWrite{MilvusWriteKind::erase, place, std::move(partition), {}};
    auto& rows = outcome.write->rows;
    if (auto const keys = filter->keys(primary.name)) {
        auto const wanted = primary.type == MilvusType::varchar ? FilterValue::Kind::text
                                                                : FilterValue::Kind::number;
        for (auto const& key : *keys) {
            if (key.kind != wanted) {
                return fail(1100, "failed to create query plan: the key has another type");
            }
            rows.push_back({key.text, {}});
        }
    } else {
        std::vector<std::string> partitions;
        if (!outcome.write->partition.empty()) partitions.push_back(outcome.write->partition);
        auto found = store_.rows(place, partitions, now.at, Duration::zero());
        for (auto& row : MilvusReads::select(std::move(found), *filter, collection)) {
            rows.push_back({std::move(row.key), {}});
        }
    }
    outcome.data = settings_.switches.old_delete_answer
                       ? "{}"
                       : "{\"deleteCount\":" + std::to_string(rows.size()) + "}";
    return outcome;
}

std::string MilvusEmulator::write_data(MilvusOutcome const& outcome, std::int64_t count_error) {
    auto const& write = *outcome.write;
    auto const count = static_cast<std::int64_t>(write.rows.size()) + count_error;
    JsonText json;
    json.open('{');
    if (write.kind == MilvusWriteKind::erase) {
        return json.key("deleteCount").number(count).close('}').take();
    }
    bool const inserts = write.kind == MilvusWriteKind::insert;
    json.key(inserts ? "insertCount" : "upsertCount").number(count);
    json.key(inserts ? "insertIds" : "upsertIds").open('[');
    bool const quoted = outcome.key_is_text || outcome.int64_as_text;
    for (auto const& row : write.rows) {
        if (quoted) {
            json.string(row.key);
        } else {
            json.raw(row.key);
        }
    }
    return json.close(']').close('}').take();
}

}  // namespace headrace::emulator
