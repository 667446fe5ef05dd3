#include "sinks/milvus_schema.hpp"

#include "base/json.hpp"

#include <algorithm>
#include <optional>

namespace headrace::sinks {
namespace {

/// Milvus allows 64.
constexpr std::size_t fields_max = 256;

[[nodiscard]] Error strange(std::string what) {
    return {ErrorCode::bad_response,
            "the answer to describe is not understood: " + std::move(what)};
}

[[nodiscard]] bool is_true(std::string_view object, std::string_view pointer) {
    return find_raw(object, pointer) == "true";
}

/// A name that can stand in a filter without quotes.
[[nodiscard]] bool is_identifier(std::string_view name) {
    auto const is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    auto const is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return !name.empty() && name.size() <= 255 && is_letter(name[0]) &&
           std::ranges::all_of(name, [&](char c) { return is_letter(c) || is_digit(c); });
}

[[nodiscard]] Result<void> read_key_field(std::string_view field, MilvusSchema& schema) {
    auto const raw_name = find_raw(field, "/name");
    auto const name = raw_name ? unescape(*raw_name) : std::nullopt;
    if (!name || !is_identifier(*name)) return strange("the primary key has no usable name");
    auto const type = find_raw(field, "/type");
    if (type != R"("Int64")" && type != R"("VarChar")") {
        return strange("the primary key " + *name + " is neither Int64 nor VarChar");
    }
    schema.primary_key = *name;
    schema.key_type = type == R"("Int64")" ? MilvusKeyType::int64 : MilvusKeyType::varchar;
    schema.auto_id = schema.auto_id || is_true(field, "/autoId");
    return {};
}

}  // namespace

Result<MilvusSchema> parse_milvus_schema(std::string_view data) {
    auto const fields = find_raw(data, "/fields");
    if (!fields || fields->front() != '[') return strange("it has no fields");
    MilvusSchema schema;
    schema.auto_id = is_true(data, "/autoId");
    for (std::size_t i = 0; i < fields_max; ++i) {
        auto const field = find_raw(*fields, "/" + std::to_string(i));
        if (!field) break;
        if (is_true(*field, "/partitionKey")) schema.has_partition_key = true;
        if (!is_true(*field, "/primaryKey")) continue;
        if (auto read = read_key_field(*field, schema); !read) return std::move(read).error();
    }
    if (schema.primary_key.empty()) return strange("no field is the primary key");
    return schema;
}

std::string find_milvus_misfit(MilvusSchema const& schema, MilvusWish const& wish) {
    if (wish.operation == MilvusOperation::upsert && schema.auto_id) {
        return "the collection makes its own keys (autoID), so that every upsert would add a row; "
               "set "
               "destination.operation: insert, or make the collection without autoID";
    }
    if (schema.has_partition_key && !wish.partition.empty()) {
        return "the collection has a partition key and chooses the partition itself; remove "
               "destination.partition";
    }
    if (!wish.primary_key.empty() && wish.primary_key != schema.primary_key) {
        return "destination.primary_key is " + std::string(wish.primary_key) +
               ", but the collection's is " + schema.primary_key;
    }
    return {};
}

}  // namespace headrace::sinks
