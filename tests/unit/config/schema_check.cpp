#include "unit/config/schema_check.hpp"

#include "config/scalars.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <regex>
#include <stdexcept>

namespace headrace::config {
namespace {

using Json = simdjson::dom::element;

std::optional<double> number_of(Node const& node) {
    if (node.kind != Node::Kind::plain) return std::nullopt;
    double value = 0;
    auto const [end, code] =
        std::from_chars(node.text.data(), node.text.data() + node.text.size(), value);
    if (code != std::errc{} || end != node.text.data() + node.text.size()) return std::nullopt;
    return value;
}

bool is_type(std::string_view type, Node const& node) {
    bool const is_boolean = node.kind == Node::Kind::plain && parse_boolean(node.text);
    auto const number = number_of(node);
    if (type == "object") return node.kind == Node::Kind::mapping;
    if (type == "array") return node.kind == Node::Kind::sequence;
    if (type == "null") return node.kind == Node::Kind::null;
    if (type == "boolean") return is_boolean;
    if (type == "number") return number.has_value();
    if (type == "integer")
        return number && *number == static_cast<double>(static_cast<long long>(*number));
    if (type == "string") return node.is_scalar() && !is_boolean && !number;
    throw std::runtime_error("unknown type " + std::string(type));
}

Node const* member(Node const& node, std::string_view name) {
    for (auto const& entry : node.entries) {
        if (entry.key == name) return &entry.value;
    }
    return nullptr;
}

std::string_view text_of(Json json) {
    return std::string_view(json);
}

double limit_of(Json json) {
    return json.is_double() ? double(json) : static_cast<double>(std::int64_t(json));
}

bool is_constant(Json json, Node const& node) {
    return node.is_scalar() && node.text == text_of(json);
}

bool is_any_type(Json types, Node const& node) {
    if (types.is_string()) return is_type(text_of(types), node);
    for (Json const type : simdjson::dom::array(types)) {
        if (is_type(text_of(type), node)) return true;
    }
    return false;
}

bool is_unique(Node const& node) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            if (node.items[i].text == node.items[k].text) return false;
        }
    }
    return true;
}

}  // namespace

bool SchemaCheck::accepts(std::string_view yaml) const {
    DiagnosticList diagnostics("f");
    auto const node = parse_document(yaml, diagnostics);
    return node && fits(root_, *node);
}

bool SchemaCheck::fits(Json schema, Node const& node) const {
    if (schema.is_bool()) return bool(schema);
    for (auto const [keyword, argument] : simdjson::dom::object(schema)) {
        if (!fits_keyword(keyword, argument, schema, node)) return false;
    }
    return true;
}

std::size_t SchemaCheck::count_fitting(Json schemas, Node const& node) const {
    std::size_t count = 0;
    for (Json const schema : simdjson::dom::array(schemas))
        count += fits(schema, node) ? 1U : 0U;
    return count;
}

bool SchemaCheck::fits_members(Json schema, Node const& node) const {
    for (auto const& entry : node.entries) {
        Json properties;
        Json property;
        bool const is_known =
            schema["properties"].get(properties) == simdjson::SUCCESS &&
            simdjson::dom::object(properties).at_key(entry.key).get(property) == simdjson::SUCCESS;
        Json others;
        if (is_known && !fits(property, entry.value)) return false;
        if (!is_known && schema["additionalProperties"].get(others) == simdjson::SUCCESS &&
            !fits(others, entry.value))
            return false;
    }
    return true;
}

bool SchemaCheck::fits_keyword(std::string_view keyword, Json argument, Json schema,
                               Node const& node) const {
    if (keyword == "type") return is_any_type(argument, node);
    if (keyword == "properties" || keyword == "additionalProperties")
        return fits_members(schema, node);
    if (keyword == "anyOf") return count_fitting(argument, node) > 0;
    if (keyword == "oneOf") return count_fitting(argument, node) == 1;
    if (keyword == "allOf")
        return count_fitting(argument, node) == simdjson::dom::array(argument).size();
    if (keyword == "$ref")
        return fits(root_["$defs"][text_of(argument).substr(std::string_view("#/$defs/").size())],
                    node);
    if (keyword == "if") return !fits(argument, node) || fits(schema["then"], node);
    if (keyword == "const") return is_constant(argument, node);
    if (keyword == "enum") {
        auto const values = simdjson::dom::array(argument);
        return std::any_of(values.begin(), values.end(),
                           [&](Json value) { return is_constant(value, node); });
    }
    if (keyword == "required") {
        auto const names = simdjson::dom::array(argument);
        return std::all_of(names.begin(), names.end(),
                           [&](Json name) { return member(node, text_of(name)) != nullptr; });
    }
    if (keyword == "items")
        return std::all_of(node.items.begin(), node.items.end(),
                           [&](Node const& item) { return fits(argument, item); });
    if (keyword == "minItems")
        return node.kind != Node::Kind::sequence || node.items.size() >= std::uint64_t(argument);
    if (keyword == "minProperties")
        return node.kind != Node::Kind::mapping || node.entries.size() >= std::uint64_t(argument);
    if (keyword == "minLength")
        return !node.is_scalar() || node.text.size() >= std::uint64_t(argument);
    if (keyword == "minimum") return !number_of(node) || *number_of(node) >= limit_of(argument);
    if (keyword == "maximum") return !number_of(node) || *number_of(node) <= limit_of(argument);
    if (keyword == "uniqueItems") return is_unique(node);
    if (keyword == "pattern")
        return !node.is_scalar() ||
               std::regex_search(node.text, std::regex(std::string(text_of(argument))));
    for (auto const* const note : {"$schema", "title", "description", "default", "$defs", "then"}) {
        if (keyword == note) return true;
    }
    throw std::runtime_error("unknown keyword " + std::string(keyword));
}

}  // namespace headrace::config
