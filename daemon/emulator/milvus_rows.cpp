#include "emulator/milvus_rows.hpp"

#include <charconv>
#include <limits>

namespace headrace::emulator {
namespace {

template <class T>
bool reads_as(std::string_view text) {
    T number{};
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

/// A value or the same in quotes, as all numbers and truths may come.
std::string unquoted(JsonNode value) {
    return value.is(JsonKind::string) ? value.text() : std::string(value.raw());
}

template <class T>
bool is_integer(JsonNode value, bool lenient) {
    if (!value.is(JsonKind::integer) && !value.is(JsonKind::string)) {
        // `1.0` went through before 3.0.1.
        return lenient && value.is(JsonKind::real) && value.raw().ends_with(".0");
    }
    auto const text = unquoted(value);
    // 300 in an Int8 wrapped to 44.
    return reads_as<T>(text) || (lenient && reads_as<std::int64_t>(text));
}

template <class T>
bool is_real(JsonNode value) {
    if (!value.is_number() && !value.is(JsonKind::string)) return false;
    auto const text = unquoted(value);
    T number{};
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (end != text.data() + text.size() || text.empty()) return false;
    // Denormal and smaller is zero, no fault.
    return error == std::errc{} || text.find("e-") != std::string::npos;
}

bool is_base64_of(JsonNode value, std::size_t bytes) {
    if (!value.is(JsonKind::string)) return false;
    auto text = value.text();
    if (text.size() != (bytes + 2) / 3 * 4) return false;
    std::size_t padding = 0;
    while (!text.empty() && text.back() == '=') {
        text.pop_back();
        ++padding;
    }
    if (padding != (3 - bytes % 3) % 3) return false;
    return text.find_first_not_of(
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") ==
           std::string::npos;
}

template <class Item>
bool is_array_of(JsonNode value, std::size_t size, Item&& item) {
    return value.is(JsonKind::array) && value.size() == size && value.each_item(item);
}

bool is_float_vector(JsonNode value, std::size_t dim, bool lenient) {
    return is_array_of(value, dim, [lenient](JsonNode item) {
        if (item.is(JsonKind::null)) return lenient;
        return item.is_number() && is_real<float>(item);
    });
}

bool is_index(std::string_view text) {
    std::uint32_t index = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
    return error == std::errc{} && end == text.data() + text.size() &&
           index < std::numeric_limits<std::uint32_t>::max();
}

bool is_sparse_vector(JsonNode value) {
    if (!value.is(JsonKind::object) || value.size() == 0) return false;
    auto const indices = value.find("indices");
    auto const values = value.find("values");
    if (indices && values) {
        return indices->is(JsonKind::array) && values->is(JsonKind::array) &&
               indices->size() == values->size() && indices->size() != 0 &&
               indices->each_item([](JsonNode item) { return is_index(item.raw()); }) &&
               values->each_item(
                   [](JsonNode item) { return item.is_number() && is_real<float>(item); });
    }
    return value.each_member([](JsonNode key, JsonNode weight) {
        return is_index(key.text()) && weight.is_number() && is_real<float>(weight);
    });
}

bool is_plain(JsonNode value, MilvusType type, bool lenient) {
    switch (type) {
        case MilvusType::boolean: {
            auto const text = unquoted(value);
            return text == "true" || text == "false";
        }
        case MilvusType::int8:
            return is_integer<std::int8_t>(value, lenient);
        case MilvusType::int16:
            return is_integer<std::int16_t>(value, lenient);
        case MilvusType::int32:
            return is_integer<std::int32_t>(value, lenient);
        case MilvusType::int64:
            return is_integer<std::int64_t>(value, lenient);
        case MilvusType::float32:
            return is_real<float>(value);
        case MilvusType::float64:
            return is_real<double>(value);
        case MilvusType::varchar:
            return value.is(JsonKind::string) || (lenient && value.is_number());
        default:
            return false;
    }
}

/// Whether the value has the field's type and shape; lengths are judged apart.
bool fits(JsonNode value, MilvusField const& field, bool lenient) {
    switch (field.type) {
        case MilvusType::json:
            return true;
        case MilvusType::array:
            return value.is(JsonKind::array) && value.each_item([&](JsonNode item) {
                return is_plain(item, field.element, lenient);
            });
        case MilvusType::float_vector:
            return is_float_vector(value, field.dim, lenient);
        case MilvusType::float16_vector:
        case MilvusType::bfloat16_vector:
            return is_float_vector(value, field.dim, lenient) || is_base64_of(value, field.dim * 2);
        case MilvusType::binary_vector:
            return is_base64_of(value, field.dim / 8);
        case MilvusType::int8_vector:
            return is_array_of(value, field.dim, [](JsonNode item) {
                return item.is(JsonKind::integer) && reads_as<std::int8_t>(item.raw());
            });
        case MilvusType::sparse_vector:
            return is_sparse_vector(value);
        default:
            return is_plain(value, field.type, lenient);
    }
}

bool is_vector(MilvusType type) {
    return type >= MilvusType::float_vector;
}

MilvusFailure bad_row(std::string what) {
    return {1804, "fail to deal the insert data, error: " + std::move(what)};
}

MilvusFailure wrong_value(JsonNode value, MilvusField const& field) {
    if (is_vector(field.type) && value.is(JsonKind::array) && value.size() != field.dim) {
        return bad_row("vector length diff from dimension");
    }
    return bad_row("field " + field.name + " needs " + std::string(to_string(field.type)));
}

std::optional<MilvusFailure> find_length_fault(JsonNode value, std::size_t row_number,
                                               MilvusField const& field) {
    if (field.type == MilvusType::varchar) {
        auto const length = value.text().size();
        if (length <= field.max_length) return std::nullopt;
        return MilvusFailure{1100, "the length (" + std::to_string(length) + ") of " +
                                       std::to_string(row_number) + "th VarChar " + field.name +
                                       " exceeds max length (" + std::to_string(field.max_length) +
                                       ")"};
    }
    if (field.type == MilvusType::array && value.size() > field.max_capacity) {
        return MilvusFailure{1100, "the length (" + std::to_string(value.size()) + ") of " +
                                       std::to_string(row_number) + "th array " + field.name +
                                       " exceeds max capacity (" +
                                       std::to_string(field.max_capacity) + ")"};
    }
    return std::nullopt;
}

std::optional<MilvusFailure> find_missing_fault(MilvusField const& field, MilvusOperation operation,
                                                bool lenient) {
    if (field.nullable || field.has_default || field.is_function_output) return std::nullopt;
    if (field.is_primary && field.auto_id) return std::nullopt;
    if (lenient && field.type == MilvusType::varchar) return std::nullopt;
    std::string const verb = operation == MilvusOperation::insert ? "insert" : "upsert";
    return bad_row("row to " + verb + " has no value for field " + field.name);
}

std::optional<MilvusFailure> find_value_fault(JsonNode value, std::size_t row_number,
                                              MilvusField const& field,
                                              MilvusCollection const& collection,
                                              MilvusOperation operation, bool lenient) {
    if (field.is_function_output) return bad_row("field " + field.name + " is a function's output");
    if (field.is_primary && field.auto_id && operation == MilvusOperation::insert &&
        !collection.allow_insert_auto_id) {
        return bad_row("no need to pass autoID field " + field.name);
    }
    if (value.is(JsonKind::null) && field.type != MilvusType::json) {
        return find_missing_fault(field, operation, lenient);
    }
    if (!fits(value, field, lenient)) return wrong_value(value, field);
    return find_length_fault(value, row_number, field);
}

}  // namespace

std::optional<MilvusFailure> find_row_fault(JsonNode row, std::size_t row_number,
                                            MilvusCollection const& collection,
                                            MilvusOperation operation, bool lenient) {
    if (!row.is(JsonKind::object))
        return MilvusFailure{1801, "can only accept json format request"};
    for (auto const& field : collection.fields) {
        auto const value = row.find(field.name);
        auto fault =
            value ? find_value_fault(*value, row_number, field, collection, operation, lenient)
                  : find_missing_fault(field, operation, lenient);
        if (fault) return fault;
    }
    std::optional<MilvusFailure> fault;
    row.each_member([&](JsonNode key, JsonNode) {
        for (auto const& field : collection.fields) {
            if (key.equals(field.name)) return true;
        }
        if (!collection.dynamic) {
            fault = bad_row("has pass more field without dynamic schema, please check it");
        } else if (key.equals("$meta")) {
            fault = bad_row("use the invalid field name($meta) when enable dynamicField");
        }
        return !fault;
    });
    return fault;
}

std::string key_text(JsonNode value, MilvusType type) {
    auto text = unquoted(value);
    if (type == MilvusType::varchar) return text;
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return std::to_string(number);
}

}  // namespace headrace::emulator
