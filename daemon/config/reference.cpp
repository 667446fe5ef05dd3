#include "config/reference.hpp"

#include "base/json.hpp"
#include "config/keys.hpp"
#include "config/scalars.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace headrace::config {
namespace {

constexpr std::string_view reference_schema = R"({"$ref":"#/$defs/reference"})";
constexpr std::string_view definitions = R"("$defs":{
"reference":{"description":"A value read from the environment or a file: ${NAME}, ${NAME:-default}, ${file:PATH} or ${credential:NAME}.","type":"string","pattern":"\\$\\{"},
"name_rule":{"anyOf":[{"type":"string","minLength":1},
{"type":"object","additionalProperties":false,"properties":{"topic":{"description":"Names by topic.","type":"object","minProperties":1,"additionalProperties":{"type":"string","minLength":1}},
"header":{"description":"The record header that holds the name.","type":"string","minLength":1},
"field":{"description":"A JSON pointer to the field that holds the name.","type":"string","pattern":"^/|\\$\\{"},
"default":{"description":"Serves a record without the name.","type":"string","minLength":1},
"on_unknown":{"description":"What becomes of records with a name that the destination does not know: they block, or are dead-lettered once another name was accepted.","enum":["block","dead_letter"],"default":"block"}},
"oneOf":[{"required":["topic"]},{"required":["header"]},{"required":["field"]}]}]}})";

std::string json_text(std::string_view text) {
    std::string json;
    append_json_string(json, text);
    return json;
}

std::string number_json(double value) {
    if (value == std::floor(value)) return std::to_string(static_cast<long long>(value));
    auto text = std::to_string(value);
    while (text.ends_with('0'))
        text.pop_back();
    return text;
}

std::string bounded(std::string_view type, Key const& key) {
    return "{\"type\":\"" + std::string(type) + "\",\"minimum\":" + number_json(key.min) +
           ",\"maximum\":" + number_json(key.max) + "}";
}

/// The members of the key's schema that say what is allowed.
std::string type_json(Key const& key) {
    auto const any_of = [](std::string const& choices) {
        return "\"anyOf\":[" + choices + "," + std::string(reference_schema) + "]";
    };
    switch (key.type) {
        case Type::text:
        case Type::secret:
            return R"("type":"string","minLength":1)";
        case Type::boolean:
            return any_of(R"({"type":"boolean"})");
        case Type::integer:
        case Type::milliseconds:
            return any_of(bounded("integer", key));
        case Type::seconds:
            return any_of(bounded("number", key));
        case Type::size:
            return any_of(bounded("integer", key) +
                          R"(,{"type":"string","pattern":"^[0-9]+ *(KiB|MiB|GiB)?$"})");
        case Type::auto_or_count:
            return any_of(R"({"const":"auto"},)" + bounded("integer", key));
        case Type::names:
            return R"("type":"array","minItems":1,"uniqueItems":true,"items":{"type":"string","minLength":1})";
        case Type::table:
            return R"("type":["object","null"],"additionalProperties":{"type":["string","number","boolean"]})";
        case Type::name_rule:
            return R"("$ref":"#/$defs/name_rule")";
        case Type::choice:
            break;
    }
    std::string choices;
    for (auto const choice : choices_of(key))
        choices += (choices.empty() ? "" : ",") + json_text(choice);
    return any_of("{\"enum\":[" + choices + "]}");
}

/// The default where it is one value for every route; others stand in the description.
std::string default_json(Key const& key) {
    if (key.preset.empty() || !key.milvus_preset.empty() ||
        key.preset.find('<') != std::string_view::npos)
        return {};
    bool const is_bare =
        key.type != Type::text && key.type != Type::choice && is_number_or_boolean(key.preset);
    return ",\"default\":" + (is_bare ? std::string(key.preset) : json_text(key.preset));
}

std::string description(Key const& key) {
    auto text = std::string(key.meaning);
    if (!key.milvus_preset.empty())
        text += " Default: " + std::string(key.preset) + ", for Milvus " +
                std::string(key.milvus_preset) + ".";
    if (key.scope != Scope::any)
        text += key.scope == Scope::tecton ? " Tecton only." : " Milvus only.";
    return text;
}

std::string key_json(Key const& key) {
    return "{\"description\":" + json_text(description(key)) + "," + type_json(key) +
           default_json(key) + "}";
}

std::string name_list(std::vector<std::string_view> const& names) {
    std::string json;
    for (auto const name : names)
        json += (json.empty() ? "" : ",") + json_text(name);
    return "[" + json + "]";
}

std::string child(std::string_view section, std::string_view name) {
    return section.empty() ? std::string(name) : std::string(section) + "." + std::string(name);
}

/// Whether the key, or one below the section or list, must be there whatever the destination is.
bool is_required(std::string const& path) {
    return std::ranges::any_of(all_keys(), [&](Key const& key) {
        bool const is_below = key.path == path || key.path.starts_with(path + ".") ||
                              key.path.starts_with(path + "[]");
        return key.is_required && key.scope == Scope::any && is_below;
    });
}

/// What a destination's type demands and forbids.
std::string scope_rule(std::string_view section, std::vector<std::string_view> const& names,
                       Scope scope) {
    std::vector<std::string_view> required;
    std::string forbidden;
    for (auto const name : names) {
        auto const* const key = find_key(child(section, name));
        if (key == nullptr || key->scope == Scope::any) continue;
        if (key->scope != scope)
            forbidden += (forbidden.empty() ? "" : ",") + json_text(name) + ":false";
        if (key->scope == scope && key->is_required) required.push_back(name);
    }
    std::string const type = scope == Scope::tecton ? "tecton" : "milvus";
    if (scope == Scope::milvus) required.push_back("url");
    return R"({"if":{"properties":{"type":{"const":")" + type +
           R"("}},"required":["type"]},"then":{"required":)" + name_list(required) +
           ",\"properties\":{" + forbidden + "}" +
           (scope == Scope::tecton ? R"(,"oneOf":[{"required":["instance"]},{"required":["url"]}])"
                                   : "") +
           "}}";
}

std::string section_json(std::string const& section, std::string_view extra = {}) {
    std::string properties;
    std::vector<std::string_view> required;
    auto const names = names_in(section);
    for (auto const name : names) {
        auto const path = child(section, name);
        auto const* const key = find_key(path);
        auto const json =
            key != nullptr ? key_json(*key)
            : is_section(path)
                ? section_json(path)
                : "{\"type\":\"array\",\"minItems\":1,\"items\":" + section_json(path + "[]") + "}";
        properties += (properties.empty() ? "" : ",") + json_text(name) + ":" + json;
        if (is_required(path)) required.push_back(name);
    }
    auto text = "{" + std::string(extra) +
                "\"type\":" + (required.empty() ? R"(["object","null"])" : R"("object")") +
                ",\"additionalProperties\":false,\"properties\":{" + properties + "}";
    if (!required.empty()) text += ",\"required\":" + name_list(required);
    if (section == "routes[].destination") {
        text += ",\"allOf\":[" + scope_rule(section, names, Scope::tecton) + "," +
                scope_rule(section, names, Scope::milvus) + "]";
    }
    return text + "}";
}

/// One member a line, two spaces a level.
std::string indented(std::string_view json) {
    std::string text;
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        char const c = json[i];
        auto const new_line = [&] { text += "\n" + std::string(2 * depth, ' '); };
        if (in_string) {
            text += c;
            if (c == '\\') text += json[++i];
            in_string = c != '"';
            continue;
        }
        if (c == '\n') continue;
        in_string = c == '"';
        if (c == '}' || c == ']') {
            --depth;
            new_line();
        }
        text += c;
        if (c == ':') text += ' ';
        if (c == '{' || c == '[') ++depth;
        if (c == '{' || c == '[' || c == ',') new_line();
    }
    return text + "\n";
}

std::string default_cell(Key const& key) {
    if (!key.milvus_preset.empty())
        return "Tecton `" + std::string(key.preset) + "`, Milvus `" +
               std::string(key.milvus_preset) + "`";
    if (!key.preset.empty()) return "`" + std::string(key.preset) + "`";
    return key.is_required ? "required" : "";
}

std::string type_cell(Key const& key) {
    auto text = allowed(key);
    if (key.type == Type::secret) text = "text, secret";
    if (key.type == Type::choice) text.clear();
    for (auto const choice : choices_of(key))
        text += (text.empty() ? "`" : ", `") + std::string(choice) + "`";
    return text;
}

}  // namespace

std::string json_schema() {
    auto const head =
        R"("$schema":"https://json-schema.org/draft/2020-12/schema","title":"Headrace configuration",)" +
        std::string(definitions) + ",";
    return indented(section_json("", head));
}

std::string markdown_reference() {
    std::string text = "| key | value | default | meaning |\n| --- | --- | --- | --- |\n";
    for (auto const& key : all_keys()) {
        auto const only = key.scope == Scope::any      ? ""
                          : key.scope == Scope::tecton ? " Tecton only."
                                                       : " Milvus only.";
        text += "| `" + std::string(key.path) + "` | " + type_cell(key) + " | " +
                default_cell(key) + " | " + std::string(key.meaning) + only + " |\n";
    }
    return text;
}

Result<std::string> with_reference(std::string_view page) {
    constexpr std::string_view begin = "<!-- reference: begin -->\n";
    constexpr std::string_view end = "<!-- reference: end -->";
    auto const first = page.find(begin);
    auto const last = page.find(end);
    if (first == std::string_view::npos || last == std::string_view::npos || last < first) {
        return Error{
            ErrorCode::invalid_argument,
            "the page lacks the lines <!-- reference: begin --> and <!-- reference: end -->"};
    }
    return std::string(page.substr(0, first + begin.size())) + markdown_reference() +
           std::string(page.substr(last));
}

}  // namespace headrace::config
