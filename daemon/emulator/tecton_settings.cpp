#include "emulator/tecton_settings.hpp"

#include <array>

namespace headrace::emulator {
namespace {

constexpr int nesting_max = 16;

class TypeParser {
  public:
    explicit TypeParser(std::string_view text) : text_(text) {}

    Result<TectonType> whole() {
        TectonType type;
        if (!parse(type, 0) || !skip_space().empty()) {
            return Error{ErrorCode::invalid_argument,
                         "is no type: write Int64, Int32, Float64, Float32, String, Bool, "
                         "Timestamp, Array(T), Map(String, T) or Struct(name T, ...)"};
        }
        return type;
    }

  private:
    std::string_view skip_space() {
        while (text_.starts_with(' ')) {
            text_.remove_prefix(1);
        }
        return text_;
    }

    bool take(char wanted) {
        if (!skip_space().starts_with(wanted)) return false;
        text_.remove_prefix(1);
        return true;
    }

    std::string_view word() {
        skip_space();
        auto const size = std::min(text_.find_first_of(" (),"), text_.size());
        auto const result = text_.substr(0, size);
        text_.remove_prefix(size);
        return result;
    }

    bool parse(TectonType& type, int depth) {
        if (depth > nesting_max) return false;
        auto const name = word();
        struct Plain {
            std::string_view name;
            TectonKind kind;
        };
        static constexpr std::array<Plain, 7> plain{{{"Int64", TectonKind::int64},
                                                     {"Int32", TectonKind::int32},
                                                     {"Float64", TectonKind::float64},
                                                     {"Float32", TectonKind::float32},
                                                     {"String", TectonKind::text},
                                                     {"Bool", TectonKind::boolean},
                                                     {"Timestamp", TectonKind::timestamp}}};
        for (auto const& entry : plain) {
            if (entry.name != name) continue;
            type.kind = entry.kind;
            return true;
        }
        if (name == "Array") return array(type, depth);
        if (name == "Map") return map(type, depth);
        return name == "Struct" && structure(type, depth);
    }

    bool array(TectonType& type, int depth) {
        type.kind = TectonKind::array;
        auto& item = type.parts.emplace_back();
        if (!take('(') || !parse(item.type, depth + 1) || !take(')')) return false;
        // Tecton has no arrays of these.
        return item.type.kind != TectonKind::boolean && item.type.kind != TectonKind::int32;
    }

    bool map(TectonType& type, int depth) {
        type.kind = TectonKind::map;
        auto& value = type.parts.emplace_back();
        return take('(') && word() == "String" && take(',') && parse(value.type, depth + 1) &&
               take(')');
    }

    bool structure(TectonType& type, int depth) {
        type.kind = TectonKind::structure;
        if (!take('(')) return false;
        do {
            TectonField field;
            field.name = word();
            if (field.name.empty() || !parse(field.type, depth + 1)) return false;
            type.parts.push_back(std::move(field));
        } while (take(','));
        return take(')');
    }

    std::string_view text_;
};

TectonField field(std::string name, TectonKind kind) {
    return {std::move(name), TectonType{kind, {}}};
}

StreamSource source(std::string name, std::vector<TectonField> more) {
    StreamSource result{"prod", std::move(name), {}, "event_id", Duration{}};
    result.fields = {field("event_id", TectonKind::int64), field("user_id", TectonKind::text),
                     field("timestamp", TectonKind::timestamp)};
    for (auto& entry : more) {
        result.fields.push_back(std::move(entry));
    }
    return result;
}

FeatureView view(std::string const& source_name) {
    FeatureView result;
    result.name = source_name + "_fv";
    result.source = source_name;
    result.join_keys = {"user_id"};
    return result;
}

}  // namespace

Result<TectonType> parse_tecton_type(std::string_view text) {
    return TypeParser(text).whole();
}

TectonSettings default_tecton_settings() {
    TectonSettings settings;
    settings.workspaces = {{"prod", true}};
    settings.keys = {{"demo-key", Role::editor, Duration{}}};
    settings.sources = {
        source("clicks",
               {field("url", TectonKind::text), field("clicked", TectonKind::int64),
                field("amount", TectonKind::float64), field("mobile", TectonKind::boolean),
                field("payload", TectonKind::text)}),
        source("views", {field("page", TectonKind::text), field("duration_ms", TectonKind::int64),
                         field("payload", TectonKind::text)}),
        source("purchases", {field("item", TectonKind::text), field("amount", TectonKind::float64),
                             field("payload", TectonKind::text)}),
    };
    settings.views = {view("clicks"), view("views"), view("purchases")};
    return settings;
}

}  // namespace headrace::emulator
