#include "emulator/milvus_collections.hpp"

#include "emulator/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace headrace::emulator {
namespace {

constexpr std::size_t dim_max = 32'768;

MilvusOutcome fail(std::int64_t code, std::string message) {
    MilvusOutcome outcome;
    outcome.failure = {code, std::move(message)};
    return outcome;
}

MilvusOutcome succeed(std::string data) {
    MilvusOutcome outcome;
    outcome.data = std::move(data);
    return outcome;
}

void write_param(JsonText& json, std::string_view key, std::size_t value) {
    json.open('{').key("key").string(key).key("value").string(std::to_string(value)).close('}');
}

void write_field(JsonText& json, MilvusField const& field, std::size_t number) {
    json.open('{').key("name").string(field.name).key("type").string(to_string(field.type));
    json.key("id").number(100 + number).key("primaryKey").boolean(field.is_primary);
    json.key("autoId").boolean(field.auto_id);
    json.key("partitionKey").boolean(field.is_partition_key);
    json.key("nullable").boolean(field.nullable).key("description").string("");
    if (field.has_default) json.key("defaultValue").string("");
    if (field.is_function_output) json.key("isFunctionOutput").boolean(true);
    if (field.type == MilvusType::array) json.key("elementType").string(to_string(field.element));
    bool const is_text = field.type == MilvusType::varchar ||
                         (field.type == MilvusType::array && field.element == MilvusType::varchar);
    if (field.dim != 0 || is_text || field.type == MilvusType::array) {
        json.key("params").open('[');
        if (field.dim != 0) write_param(json, "dim", field.dim);
        if (is_text) write_param(json, "max_length", field.max_length);
        if (field.type == MilvusType::array) write_param(json, "max_capacity", field.max_capacity);
        json.close(']');
    }
    json.close('}');
}

/// A number or its digits in quotes.
std::optional<std::size_t> number_in(JsonNode object, std::string_view key) {
    auto const value = object.find(key);
    if (!value) return std::nullopt;
    std::size_t number = 0;
    auto const text = value->text();
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool flag_in(JsonNode object, std::string_view key) {
    auto const value = object.find(key);
    return value && value->text() == "true";
}

std::string text_in(JsonNode object, std::string_view key, std::string fallback) {
    auto const value = object.find(key);
    return value ? value->text() : fallback;
}

/// FloatVector, sparse and all other kinds but the sparse one need a dimension.
bool needs_dim(MilvusType type) {
    return type >= MilvusType::float_vector && type != MilvusType::sparse_vector;
}

std::optional<MilvusField> read_field(JsonNode node) {
    MilvusField field;
    field.name = text_in(node, "fieldName", "");
    auto const type = milvus_type(text_in(node, "dataType", ""));
    auto const element = milvus_type(text_in(node, "elementDataType", "Int64"));
    if (!type || !element || field.name.empty()) return std::nullopt;
    field.type = *type;
    field.element = *element;
    field.is_primary = flag_in(node, "isPrimary");
    field.auto_id = flag_in(node, "autoID");
    field.is_partition_key = flag_in(node, "isPartitionKey");
    field.nullable = flag_in(node, "nullable");
    field.has_default = node.find("defaultValue").has_value();
    if (auto const params = node.find("elementTypeParams")) {
        field.dim = number_in(*params, "dim").value_or(0);
        field.max_length = number_in(*params, "max_length").value_or(field.max_length);
        field.max_capacity = number_in(*params, "max_capacity").value_or(field.max_capacity);
    }
    if (needs_dim(field.type) && (field.dim == 0 || field.dim > dim_max)) return std::nullopt;
    return field;
}

/// The short form: a key and a vector.
void read_quick(JsonNode body, std::size_t dim, MilvusCollection& collection) {
    MilvusField key;
    key.name = text_in(body, "primaryFieldName", "id");
    key.is_primary = true;
    key.auto_id = flag_in(body, "autoID");
    if (text_in(body, "idType", "Int64") == "VarChar") {
        key.type = MilvusType::varchar;
        if (auto const params = body.find("params")) {
            key.max_length = number_in(*params, "max_length").value_or(key.max_length);
        }
    }
    MilvusField vector;
    vector.name = text_in(body, "vectorFieldName", "vector");
    vector.type = MilvusType::float_vector;
    vector.dim = dim;
    collection.fields = {key, vector};
    collection.dynamic = true;
}

bool read_schema(JsonNode schema, MilvusCollection& collection) {
    collection.dynamic = flag_in(schema, "enableDynamicField");
    auto const fields = schema.find("fields");
    if (!fields || !fields->is(JsonKind::array)) return false;
    bool const good = fields->each_item([&](JsonNode node) {
        auto field = read_field(node);
        if (!field) return false;
        if (field->is_primary && flag_in(schema, "autoID")) field->auto_id = true;
        collection.fields.push_back(std::move(*field));
        return true;
    });
    return good && std::count_if(collection.fields.begin(), collection.fields.end(),
                                 [](MilvusField const& item) { return item.is_primary; }) == 1;
}

MilvusOutcome create(MilvusCall const& call, MilvusSettings& settings) {
    auto collection = read_collection(call.body, call.database);
    if (!collection) return fail(1100, collection.error().message);
    if (call.collection != nullptr) {
        if (describe(*call.collection) == describe(*collection)) return succeed("{}");
        return fail(65535, "create duplicate collection with different parameters, collection: " +
                               collection->name);
    }
    settings.collections.push_back(std::move(*collection));
    return succeed("{}");
}

MilvusOutcome list(MilvusCall const& call, MilvusSettings const& settings) {
    JsonText json;
    json.open('[');
    for (auto const& collection : settings.collections) {
        if (collection.database == call.database) json.string(collection.name);
    }
    return succeed(json.close(']').take());
}

MilvusOutcome answer_partitions(MilvusCall const& call) {
    auto& collection = *call.collection;
    JsonText json;
    if (call.operation == "list") {
        json.open('[').string("_default");
        for (auto const& name : collection.partitions) {
            json.string(name);
        }
        return succeed(json.close(']').take());
    }
    auto const name = text_in(call.body, "partitionName", "");
    if (name.empty()) return fail(1802, "missing required parameters, error: partitionName");
    if (call.operation == "has") {
        json.open('{').key("has").boolean(collection.has_partition(name)).close('}');
        return succeed(json.take());
    }
    if (call.operation == "create" && !collection.has_partition(name)) {
        collection.partitions.push_back(name);
    }
    if (call.operation == "drop") std::erase(collection.partitions, name);
    return succeed("{}");
}

}  // namespace

std::string describe(MilvusCollection const& collection) {
    JsonText json;
    json.open('{').key("autoId").boolean(collection.primary().auto_id);
    json.key("collectionName").string(collection.name);
    json.key("consistencyLevel").string("Bounded").key("description").string("");
    json.key("enableDynamicField").boolean(collection.dynamic).key("fields").open('[');
    std::size_t number = 0;
    for (auto const& field : collection.fields) {
        write_field(json, field, number++);
    }
    json.close(']').key("functions").open('[');
    for (auto const& field : collection.fields) {
        if (!field.is_function_output) continue;
        json.open('{').key("name").string(field.name + "_function").key("type").string("BM25");
        json.key("outputFieldNames").open('[').string(field.name).close(']').close('}');
    }
    json.close(']').key("indexes").open('[').close(']').key("load");
    json.string(collection.loaded ? "LoadStateLoaded" : "LoadStateNotLoad");
    json.key("partitionsNum").number(collection.partitions.size() + 1);
    return json.key("shardsNum").number(1).close('}').take();
}

Result<MilvusCollection> read_collection(JsonNode body, std::string database) {
    MilvusCollection collection;
    collection.database = std::move(database);
    collection.name = text_in(body, "collectionName", "");
    auto const schema = body.find("schema");
    if (collection.name.empty()) {
        return Error{ErrorCode::invalid_argument, "collectionName is missing: invalid parameter"};
    }
    if (schema) {
        auto const index = body.find("indexParams");
        collection.loaded = index && index->size() != 0;
        if (read_schema(*schema, collection)) return collection;
        return Error{ErrorCode::invalid_argument,
                     "the schema needs fields with known types, dimensions and one primary key: "
                     "invalid parameter"};
    }
    auto const dim = number_in(body, "dimension");
    if (!dim || *dim == 0 || *dim > dim_max) {
        return Error{ErrorCode::invalid_argument,
                     "dimension must be 1 to 32768: invalid parameter"};
    }
    read_quick(body, *dim, collection);
    return collection;
}

bool is_collection_operation(std::string_view area, std::string_view operation) {
    static constexpr std::array<std::string_view, 10> collections{
        "has",  "list",    "describe", "get_load_state", "get_stats",
        "load", "release", "flush",    "create",         "drop"};
    static constexpr std::array<std::string_view, 4> partitions{"has", "list", "create", "drop"};
    auto const in = [operation](auto const& names) {
        return std::find(names.begin(), names.end(), operation) != names.end();
    };
    return area == "collections" ? in(collections) : area == "partitions" && in(partitions);
}

MilvusOutcome answer_collections(std::string_view area, MilvusCall const& call,
                                 MilvusSettings& settings, MilvusStore& store) {
    auto const& operation = call.operation;
    auto* collection = call.collection;
    if (area == "collections") {
        if (operation == "list") return list(call, settings);
        if (operation == "create") return create(call, settings);
        if (operation == "has") {
            return succeed(collection != nullptr ? R"({"has":true})" : R"({"has":false})");
        }
    }
    if (collection == nullptr) {
        return fail(100, "can't find collection[database=" + call.database +
                             "][collection=" + text_in(call.body, "collectionName", "") + "]");
    }
    if (area == "partitions") return answer_partitions(call);
    if (operation == "describe") return succeed(describe(*collection));
    auto const place = call.database + "/" + collection->name;
    if (operation == "get_stats") {
        return succeed("{\"rowCount\":" + std::to_string(store.row_count(place)) + "}");
    }
    if (operation == "get_load_state") {
        auto outcome =
            succeed(collection->loaded ? R"({"loadProgress":100,"loadState":"LoadStateLoaded"})"
                                       : R"({"loadProgress":0,"loadState":"LoadStateNotLoad"})");
        // The real handler sends an empty message beside this data.
        outcome.extra = R"(,"message":"")";
        return outcome;
    }
    if (operation == "load" || operation == "release") collection->loaded = operation == "load";
    if (operation == "drop") {
        store.drop(place);
        std::erase_if(settings.collections,
                      [&](MilvusCollection const& item) { return &item == collection; });
    }
    return succeed("{}");
}

}  // namespace headrace::emulator
