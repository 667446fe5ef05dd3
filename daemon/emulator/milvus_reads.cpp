#include "emulator/milvus_reads.hpp"

#include "emulator/json_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace headrace::emulator {
namespace {

constexpr std::size_t default_limit = 100;
constexpr std::size_t limit_max = 16'384;

MilvusOutcome fail(std::int64_t code, std::string message) {
    MilvusOutcome outcome;
    outcome.failure = {code, std::move(message)};
    return outcome;
}

/// A whole number of the body, `fallback` if it is absent; too large ones end at the limit.
std::size_t number_of(JsonNode body, std::string_view name, std::size_t fallback) {
    auto const value = body.find(name);
    if (!value) return fallback;
    std::size_t number = fallback;
    auto const raw = value->raw();
    std::from_chars(raw.data(), raw.data() + raw.size(), number);
    return std::min(number, limit_max);
}

std::vector<std::string> texts_of(JsonNode body, std::string_view name) {
    std::vector<std::string> texts;
    if (auto const list = body.find(name)) {
        list->each_item([&](JsonNode item) {
            texts.push_back(item.text());
            return true;
        });
    }
    return texts;
}

bool wants(std::vector<std::string> const& fields, std::string_view name) {
    return fields.empty() || std::find(fields.begin(), fields.end(), "*") != fields.end() ||
           std::find(fields.begin(), fields.end(), name) != fields.end();
}

void write_int64(JsonText& json, std::string const& digits, bool as_text) {
    if (as_text) {
        json.string(digits);
    } else {
        json.raw(digits);
    }
}

/// Writes one row's members: schema fields first, then what the dynamic field holds.
void write_row(JsonText& json, MilvusRow const& row, MilvusCall const& call,
               std::vector<std::string> const& fields) {
    JsonTree tree;
    bool const has_text = tree.parse(row.text).has_value();
    auto const& schema = call.collection->fields;
    for (auto const& field : schema) {
        if (!field.is_primary && !wants(fields, field.name)) continue;
        json.key(field.name);
        auto const value = has_text ? tree.root().find(field.name) : std::nullopt;
        if (field.is_primary && field.type == MilvusType::varchar) {
            json.string(row.key);
        } else if (field.is_primary) {
            write_int64(json, row.key, call.int64_as_text);
        } else if (!value || value->is(JsonKind::null)) {
            json.raw(field.nullable || field.type != MilvusType::varchar ? "null" : "\"\"");
        } else if (field.type == MilvusType::int64) {
            write_int64(json, key_text(*value, field.type), call.int64_as_text);
        } else {
            json.raw(value->raw());
        }
    }
    if (!has_text) return;
    tree.root().each_member([&](JsonNode key, JsonNode value) {
        bool const known = std::any_of(schema.begin(), schema.end(), [&](MilvusField const& field) {
            return key.equals(field.name);
        });
        auto const name = key.text();
        if (!known && wants(fields, name)) json.key(name).raw(value.raw());
        return true;
    });
}

FilterValue value_of(MilvusRow const& row, JsonTree const& tree, bool has_text,
                     MilvusCollection const& collection, std::string_view field) {
    auto const& primary = collection.primary();
    if (field == primary.name) {
        bool const is_text = primary.type == MilvusType::varchar;
        return {is_text ? FilterValue::Kind::text : FilterValue::Kind::number, row.key};
    }
    auto const value = has_text ? tree.root().find(field) : std::nullopt;
    if (!value) return {};
    auto result = filter_value(*value);
    for (auto const& entry : collection.fields) {
        bool const is_number = entry.type >= MilvusType::int8 && entry.type <= MilvusType::float64;
        if (entry.name == field && is_number) result.kind = FilterValue::Kind::number;
    }
    return result;
}

std::vector<float> vector_of(JsonNode node) {
    std::vector<float> vector;
    vector.reserve(node.size());
    node.each_item([&](JsonNode item) {
        float number = 0;
        auto const raw = item.raw();
        std::from_chars(raw.data(), raw.data() + raw.size(), number);
        vector.push_back(number);
        return true;
    });
    return vector;
}

float product(std::vector<float> const& left, std::vector<float> const& right) {
    float sum = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
        sum += left[i] * right[i];
    }
    return sum;
}

/// Larger is nearer, but for L2.
float distance(std::vector<float> const& left, std::vector<float> const& right,
               std::string_view metric) {
    if (metric == "L2")
        return product(left, left) + product(right, right) - 2 * product(left, right);
    if (metric == "IP") return product(left, right);
    float const lengths = std::sqrt(product(left, left) * product(right, right));
    return lengths > 0 ? product(left, right) / lengths : 0;
}

struct Hit {
    float distance;
    MilvusRow const* row;
};

std::vector<Hit> nearest(std::vector<MilvusRow> const& rows, std::vector<float> const& wanted,
                         std::string const& field, std::string_view metric) {
    std::vector<Hit> hits;
    JsonTree tree;
    for (auto const& row : rows) {
        auto const value = tree.parse(row.text) ? tree.root().find(field) : std::nullopt;
        if (!value || value->size() != wanted.size()) continue;
        hits.push_back({distance(wanted, vector_of(*value), metric), &row});
    }
    bool const small_is_near = metric == "L2";
    std::stable_sort(hits.begin(), hits.end(), [small_is_near](Hit const& left, Hit const& right) {
        return small_is_near ? left.distance < right.distance : left.distance > right.distance;
    });
    return hits;
}

std::string metric_of(JsonNode body) {
    auto const params = body.find("searchParams");
    auto const metric = params ? params->find("metricType") : std::nullopt;
    return metric ? metric->text() : "COSINE";
}

Result<MilvusFilter> filter_of(JsonNode body) {
    auto const text = body.find("filter");
    return parse_milvus_filter(text ? text->text() : "", body.find("exprParams"));
}

}  // namespace

MilvusOutcome MilvusReads::answer(MilvusCall const& call, TimePoint now) const {
    auto const& collection = *call.collection;
    if (!collection.loaded) {
        return fail(101, "collection not loaded[collection=" + collection.name + "]");
    }
    for (auto const& name : texts_of(call.body, "partitionNames")) {
        if (!collection.has_partition(name)) {
            return fail(200, "partition not found[partition=" + name + "]");
        }
    }
    if (call.operation == "query") return query(call, now);
    return call.operation == "get" ? get(call) : search(call, now);
}

std::vector<MilvusRow> MilvusReads::select(std::vector<MilvusRow> rows, MilvusFilter const& filter,
                                           MilvusCollection const& collection) {
    if (filter.kind == MilvusFilter::Kind::everything) return rows;
    JsonTree tree;
    std::erase_if(rows, [&](MilvusRow const& row) {
        bool const has_text = tree.parse(row.text).has_value();
        return !filter.matches([&](std::string_view field) {
            return value_of(row, tree, has_text, collection, field);
        });
    });
    return rows;
}

std::vector<MilvusRow> MilvusReads::visible(MilvusCall const& call, TimePoint now) const {
    auto const level = call.body.find("consistencyLevel");
    bool const strong = level && level->equals("Strong");
    Duration const lag = std::chrono::milliseconds(strong ? 0 : switches_.bounded_lag_ms);
    return store_.rows(call.database + "/" + call.collection->name,
                       texts_of(call.body, "partitionNames"), now, lag);
}

MilvusOutcome MilvusReads::query(MilvusCall const& call, TimePoint now) const {
    auto const filter = filter_of(call.body);
    if (!filter) return fail(1100, filter.error().message);
    auto const fields = texts_of(call.body, "outputFields");
    bool const counts = std::find(fields.begin(), fields.end(), "count(*)") != fields.end();
    if (counts && fields.size() != 1) {
        return fail(1100, "count(*) must be the only output field: invalid parameter");
    }
    auto rows = select(visible(call, now), *filter, *call.collection);
    MilvusOutcome outcome;
    JsonText json;
    json.open('[');
    if (counts) {
        json.open('{').key("count(*)").number(rows.size()).close('}');
    } else {
        auto const offset = std::min(number_of(call.body, "offset", 0), rows.size());
        auto const limit = number_of(call.body, "limit", default_limit);
        auto const end = std::min(rows.size(), offset + limit);
        for (std::size_t i = offset; i < end; ++i) {
            json.open('{');
            write_row(json, rows[i], call, fields);
            json.close('}');
        }
    }
    outcome.data = json.close(']').take();
    return outcome;
}

MilvusOutcome MilvusReads::get(MilvusCall const& call) const {
    auto const ids = call.body.find("id");
    if (!ids) return fail(1802, "missing required parameters, error: id");
    std::vector<std::string> keys;
    auto const type = call.collection->primary().type;
    if (!ids->is(JsonKind::array)) keys.push_back(key_text(*ids, type));
    ids->each_item([&](JsonNode item) {
        keys.push_back(key_text(item, type));
        return true;
    });
    auto const rows = store_.rows_of(call.database + "/" + call.collection->name,
                                     texts_of(call.body, "partitionNames"), keys);
    JsonText json;
    json.open('[');
    for (auto const& row : rows) {
        json.open('{');
        write_row(json, row, call, texts_of(call.body, "outputFields"));
        json.close('}');
    }
    MilvusOutcome outcome;
    outcome.data = json.close(']').take();
    return outcome;
}

MilvusOutcome MilvusReads::search(MilvusCall const& call, TimePoint now) const {
    auto const wanted = call.body.find("data");
    auto const filter = filter_of(call.body);
    if (!filter) return fail(1100, filter.error().message);
    auto const& fields = call.collection->fields;
    auto const named = call.body.find("annsField");
    auto const field = std::find_if(fields.begin(), fields.end(), [&](MilvusField const& item) {
        return named ? named->equals(item.name) : item.type == MilvusType::float_vector;
    });
    if (!wanted || !wanted->is(JsonKind::array)) {
        return fail(1802, "missing required parameters, error: data");
    }
    if (field == fields.end() || field->type != MilvusType::float_vector) {
        return fail(1100, "annsField must name a FloatVector: invalid parameter");
    }
    auto const output = texts_of(call.body, "outputFields");
    auto const metric = metric_of(call.body);
    auto const rows = select(visible(call, now), *filter, *call.collection);
    auto const limit = number_of(call.body, "limit", default_limit);
    JsonText json;
    JsonText topks;
    json.open('[');
    topks.open('[');
    bool const good = wanted->each_item([&](JsonNode vector) {
        if (vector.size() != field->dim) return false;
        auto hits = nearest(rows, vector_of(vector), field->name, metric);
        hits.resize(std::min(hits.size(), limit));
        topks.number(hits.size());
        for (auto const& hit : hits) {
            json.open('{').key("distance").raw(std::to_string(hit.distance));
            write_row(json, *hit.row, call, output.empty() ? std::vector<std::string>{""} : output);
            json.close('}');
        }
        return true;
    });
    if (!good) return fail(1801, "fail to deal the search data, error: vector dimension mismatch");
    MilvusOutcome outcome;
    outcome.data = json.close(']').take();
    outcome.extra = ",\"topks\":" + topks.close(']').take();
    return outcome;
}

}  // namespace headrace::emulator
