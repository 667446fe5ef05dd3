#include "config/value_reader.hpp"

#include "base/json.hpp"
#include "config/scalars.hpp"

#include <algorithm>
#include <map>

namespace headrace::config {
namespace {

/// Which control characters a text may hold.
enum class Lines : std::uint8_t {
    one,   ///< None.
    many,  ///< Line ends and tabs: certificates in librdkafka's settings.
};

bool is_clean(std::string_view text, Lines lines) {
    return is_utf8(text) && std::none_of(text.begin(), text.end(), [&](char c) {
               bool const allowed_break =
                   lines == Lines::many && (c == '\n' || c == '\r' || c == '\t');
               return (static_cast<unsigned char>(c) < ' ' || c == 0x7f) && !allowed_break;
           });
}

bool is_json_pointer(std::string_view text) noexcept {
    if (!text.starts_with('/')) return false;
    for (std::size_t at = text.find('~'); at != std::string_view::npos;
         at = text.find('~', at + 1)) {
        if (at + 1 >= text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) return false;
    }
    return true;
}

}  // namespace

std::optional<Value> ValueReader::read(Key const& key, Node const& node, std::string const& path) {
    switch (key.type) {
        case Type::names:
            return read_names(key, node, path);
        case Type::table:
            return read_table(node, path);
        case Type::name_rule:
            return read_rule(key, node, path);
        case Type::text:
        case Type::secret:
            return read_text(key, node, path);
        case Type::boolean:
        case Type::choice:
            return read_word(key, node, path);
        case Type::integer:
        case Type::milliseconds:
        case Type::seconds:
        case Type::size:
        case Type::auto_or_count:
            break;
    }
    return read_number(key, node, path);
}

std::optional<ValueReader::Scalar> ValueReader::read_scalar(std::string const& wanted,
                                                            Node const& node,
                                                            std::string const& path) {
    if (!node.is_scalar()) {
        report(node.at, path, "must be " + wanted + ", but " + kind_name(node));
        return std::nullopt;
    }
    Scalar scalar;
    scalar.is_plain = node.kind == Node::Kind::plain;
    scalar.shown = in_quotes(node.text);
    if (!has_reference(node.text)) {
        scalar.text = node.text;
        return scalar;
    }
    auto parts = parse_template(node.text, environment_);
    auto text = parts ? render(*parts, environment_) : Result<std::string>(parts.error());
    if (!text) {
        report(node.at, path, text.error().message);
        return std::nullopt;
    }
    scalar.text = std::move(text).value();
    outside_bytes_ += scalar.text.size();
    if (outside_bytes_ > expanded_bytes_max) {
        report(node.at, path,
               "brings what comes from references to more than " +
                   std::to_string(expanded_bytes_max) + " bytes");
        return std::nullopt;
    }
    scalar.parts = std::move(parts).value();
    scalar.is_plain = true;
    scalar.shown = "what " + scalar.shown + " stands for";
    return scalar;
}

/// A non-empty text of one line; numbers and booleans must be quoted, as the JSON Schema says.
std::optional<ValueReader::Scalar> ValueReader::read_line(std::string const& wanted,
                                                          Node const& node,
                                                          std::string const& path) {
    auto scalar = read_scalar(wanted, node, path);
    if (!scalar) return std::nullopt;
    bool const is_literal = scalar->parts.empty();
    if (is_literal && scalar->is_plain && is_number_or_boolean(scalar->text)) {
        report(node.at, path,
               "must be " + wanted + ", but is a number or a boolean: put it in quotes");
    } else if (scalar->text.empty()) {
        report(node.at, path, "must be " + wanted + ", but is empty");
    } else if (!is_clean(scalar->text, Lines::one)) {
        report(node.at, path,
               "must be one line of text, but holds a control character or bytes that are not "
               "UTF-8");
    } else {
        return scalar;
    }
    return std::nullopt;
}

std::optional<Value> ValueReader::read_text(Key const& key, Node const& node,
                                            std::string const& path) {
    auto scalar = read_line(allowed(key), node, path);
    if (!scalar) return std::nullopt;
    Value value{.at = node.at, .text = text_of(*scalar, node.at)};
    return value;
}

std::optional<Value> ValueReader::read_word(Key const& key, Node const& node,
                                            std::string const& path) {
    auto const scalar = read_scalar(allowed(key), node, path);
    if (!scalar) return std::nullopt;
    Value value{.at = node.at, .text = {scalar->text, node.at, {}}};
    if (key.type == Type::boolean) {
        auto const flag = scalar->is_plain ? parse_boolean(scalar->text) : std::nullopt;
        value.flag = flag.value_or(false);
        if (flag) return value;
        report(node.at, path, "must be true or false, but is " + scalar->shown);
        return std::nullopt;
    }
    auto const choices = choices_of(key);
    if (std::find(choices.begin(), choices.end(), scalar->text) != choices.end()) return value;
    auto const advice = scalar->parts.empty() ? did_you_mean(scalar->text, choices) : "";
    report(node.at, path, "must be " + allowed(key) + ", but is " + scalar->shown + advice);
    return std::nullopt;
}

std::optional<Value> ValueReader::read_number(Key const& key, Node const& node,
                                              std::string const& path) {
    auto const scalar = read_scalar(allowed(key), node, path);
    if (!scalar) return std::nullopt;
    Value value{.at = node.at};
    if (key.type == Type::auto_or_count && scalar->text == "auto") return value;
    bool const may_be_quoted = key.type == Type::size;
    value.number =
        scalar->is_plain || may_be_quoted ? parse_number(key.type, scalar->text) : std::nullopt;
    if (value.number && *value.number >= key.min && *value.number <= key.max) return value;
    auto message = "must be " + allowed(key) + ", but is " + scalar->shown;
    if (!scalar->is_plain && parse_number(key.type, scalar->text)) {
        message += ": take the quotes away";
    } else if (!value.number && scalar->parts.empty()) {
        message += unit_advice(key.type, scalar->text);
    }
    report(node.at, path, std::move(message));
    return std::nullopt;
}

std::optional<Value> ValueReader::read_names(Key const& key, Node const& node,
                                             std::string const& path) {
    if (node.kind != Node::Kind::sequence || node.items.empty()) {
        auto const hint = node.is_scalar() ? ": write [" + node.text.substr(0, 60) + "]" : "";
        report(node.at, path,
               "must be " + allowed(key) + ", but " +
                   (node.kind == Node::Kind::sequence ? "is empty" : kind_name(node) + hint));
        return std::nullopt;
    }
    Value value{.at = node.at};
    bool is_good = true;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        auto scalar = read_line("a name", node.items[i], path + "[" + std::to_string(i) + "]");
        is_good = is_good && scalar.has_value();
        if (scalar) value.names.push_back(text_of(*scalar, node.items[i].at));
    }
    return is_good ? std::optional(std::move(value)) : std::nullopt;
}

std::optional<Value> ValueReader::read_table(Node const& node, std::string const& path) {
    Value value{.at = node.at};
    if (node.kind == Node::Kind::null) return value;
    if (node.kind != Node::Kind::mapping) {
        report(node.at, path, "must be a mapping of names to values, but " + kind_name(node));
        return std::nullopt;
    }
    bool is_good = true;
    each_entry(node, path, diagnostics_, [&](Node::Entry const& entry) {
        auto const entry_path = shown_path(path, entry.key);
        if (entry.key.empty() || !is_clean(entry.key, Lines::one)) {
            report(entry.key_at, entry_path, "must have a name without control characters");
            is_good = false;
            return;
        }
        auto scalar = read_scalar("text, a number or a boolean", entry.value, entry_path);
        if (scalar && !is_clean(scalar->text, Lines::many)) {
            report(entry.value.at, entry_path,
                   "holds a control character or bytes that are not UTF-8");
            scalar.reset();
        }
        is_good = is_good && scalar.has_value();
        if (scalar)
            value.table.push_back(
                {{entry.key, entry.key_at, {}}, text_of(*scalar, entry.value.at)});
    });
    return is_good ? std::optional(std::move(value)) : std::nullopt;
}

std::optional<Value> ValueReader::read_rule(Key const& key, Node const& node,
                                            std::string const& path) {
    Value value{.at = node.at};
    if (node.kind != Node::Kind::mapping) {
        auto scalar = read_line(allowed(key), node, path);
        if (!scalar) return std::nullopt;
        value.rule.value = scalar->text;
        value.text = text_of(*scalar, node.at);
        return value;
    }
    static std::vector<std::string_view> const names{"topic", "header", "field", "default",
                                                     "on_unknown"};
    std::size_t sources = 0;
    bool is_good = true;
    each_entry(node, path, diagnostics_, [&](Node::Entry const& entry) {
        if (std::find(names.begin(), names.end(), entry.key) == names.end()) {
            auto const advice = did_you_mean(entry.key, names);
            report(entry.key_at, shown_path(path, entry.key), unknown_key(entry.key, names));
            is_good = false;
            return;
        }
        sources += entry.key == "default" || entry.key == "on_unknown" ? 0U : 1U;
        is_good = read_rule_entry(entry, child_path(path, entry.key), value) && is_good;
    });
    if (is_good && sources != 1) {
        report(node.at, path,
               "must hold exactly one of topic, header and field, but holds " +
                   std::to_string(sources));
        is_good = false;
    }
    return is_good ? std::optional(std::move(value)) : std::nullopt;
}

bool ValueReader::read_rule_entry(Node::Entry const& entry, std::string const& path, Value& value) {
    using From = sinks::NameRule::From;
    if (entry.key == "topic") {
        value.rule.from = From::topic;
        return read_rule_topics(entry.value, path, value);
    }
    auto scalar = read_line("a name", entry.value, path);
    if (!scalar) return false;
    if (entry.key == "default") {
        value.rule.default_name = std::move(scalar->text);
        return true;
    }
    if (entry.key == "on_unknown") return read_on_unknown(*scalar, entry.value.at, path, value);
    value.rule.from = entry.key == "header" ? From::header : From::field;
    value.rule.value = std::move(scalar->text);
    if (value.rule.from == From::header || is_json_pointer(value.rule.value)) return true;
    report(entry.value.at, path,
           "must be a JSON pointer such as /user/plan, but is " + scalar->shown);
    return false;
}

bool ValueReader::read_on_unknown(Scalar const& scalar, Position at, std::string const& path,
                                  Value& value) {
    bool const buries = scalar.text == "dead_letter";
    value.rule.on_unknown = buries ? sinks::OnUnknown::dead_letter : sinks::OnUnknown::block;
    if (buries || scalar.text == "block") return true;
    report(at, path, "must be block or dead_letter, but is " + scalar.shown);
    return false;
}

bool ValueReader::read_rule_topics(Node const& node, std::string const& path, Value& value) {
    if (node.kind != Node::Kind::mapping || node.entries.empty()) {
        report(node.at, path,
               "must be a mapping of topics to names, such as {clicks: click_source}");
        return false;
    }
    bool is_good = true;
    each_entry(node, path, diagnostics_, [&](Node::Entry const& entry) {
        auto scalar = read_line("a name", entry.value, shown_path(path, entry.key));
        is_good = is_good && scalar.has_value();
        if (!scalar) return;
        value.rule.by_topic.insert_or_assign(entry.key, scalar->text);
        value.table.push_back({{entry.key, entry.key_at, {}}, text_of(*scalar, entry.value.at)});
    });
    return is_good;
}

Text ValueReader::text_of(Scalar& scalar, Position at) {
    return {std::move(scalar.text), at, std::move(scalar.parts)};
}

void ValueReader::report(Position at, std::string const& path, std::string message) {
    diagnostics_.add(at, path, std::move(message));
}

void each_entry(Node const& mapping, std::string const& path, DiagnosticList& diagnostics,
                std::function<void(Node::Entry const&)> const& use) {
    std::map<std::string_view, Position> seen;
    for (auto const& entry : mapping.entries) {
        auto const [first, is_new] = seen.emplace(entry.key, entry.key_at);
        if (is_new) {
            use(entry);
            continue;
        }
        diagnostics.add(
            entry.key_at, shown_path(path, entry.key),
            "is given twice; the first is on line " + std::to_string(first->second.line));
    }
}

std::string shown_path(std::string const& parent, std::string const& name) {
    auto const shown = in_quotes(name);
    bool const is_simple = shown == "\"" + name + "\"" && !name.empty();
    return child_path(parent, is_simple ? name : shown);
}

std::string child_path(std::string const& parent, std::string_view name) {
    return parent.empty() ? std::string(name) : parent + "." + std::string(name);
}

std::string kind_name(Node const& node) {
    switch (node.kind) {
        case Node::Kind::null:
            return "has no value";
        case Node::Kind::sequence:
            return "is a list";
        case Node::Kind::mapping:
            return "is a mapping";
        case Node::Kind::plain:
        case Node::Kind::quoted:
            break;
    }
    return "is a single value";
}

std::string unknown_key(std::string_view name, std::vector<std::string_view> const& known) {
    if (auto const advice = did_you_mean(name, known); !advice.empty())
        return "unknown key" + advice;
    std::string names;
    for (auto const& one : known)
        names += (names.empty() ? "" : ", ") + std::string(one);
    return "unknown key; known here: " + names;
}

std::string shown(Text const& text) {
    return text.parts.empty() ? in_quotes(text.value) : "what its reference stands for";
}

Value preset_value(Key const& key, std::string_view preset) {
    Value value;
    value.text.value = preset;
    value.flag = preset == "true";
    value.number = parse_number(key.type, preset);
    return value;
}

}  // namespace headrace::config
