#include "emulator/tecton_request.hpp"

#include "emulator/json_text.hpp"

#include <optional>

namespace headrace::emulator {
namespace {

Error wrong(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message)};
}

struct Names {
    std::string_view workspace;
    std::string_view dry_run;
};
constexpr Names snake{"workspace_name", "dry_run"};
constexpr Names camel{"workspaceName", "dryRun"};

/// The envelope's members; a key that is unknown or stands twice is refused.
struct Members {
    std::optional<JsonNode> workspace;
    std::optional<JsonNode> dry_run;
    std::optional<JsonNode> records;
};

bool store_once(std::optional<JsonNode>& slot, JsonNode value) {
    bool const first = !slot;
    slot = value;
    return first;
}

bool take_member(Members& members, KeyStyle style, JsonNode key, JsonNode value) {
    if (style != KeyStyle::camel && key.equals(snake.workspace)) {
        return store_once(members.workspace, value);
    }
    if (style != KeyStyle::snake && key.equals(camel.workspace)) {
        return store_once(members.workspace, value);
    }
    if (style != KeyStyle::camel && key.equals(snake.dry_run)) {
        return store_once(members.dry_run, value);
    }
    if (style != KeyStyle::snake && key.equals(camel.dry_run)) {
        return store_once(members.dry_run, value);
    }
    return key.equals("records") && store_once(members.records, value);
}

Error missing(std::string_view name) {
    return wrong("Required field `" + std::string(name) + "` is missing in the request");
}

Result<void> check_items(std::string const& source, JsonNode items) {
    if (!items.is(JsonKind::array) || items.size() == 0) {
        return wrong("`records." + source + "` must be an array of records, not empty");
    }
    bool const good = items.each_item([](JsonNode item) {
        if (!item.is(JsonKind::object) || item.size() != 1) return false;
        auto const record = item.find("record");
        return record && record->is(JsonKind::object);
    });
    if (good) return {};
    return wrong("every item of `records." + source +
                 "` must have the one key `record`, an object");
}

Result<void> read_parts(JsonNode records, IngestRequest& request) {
    if (!records.is(JsonKind::object) || records.size() == 0) {
        return wrong("`records` must be an object of stream sources, not empty");
    }
    Result<void> result;
    records.each_member([&](JsonNode key, JsonNode items) {
        std::string source = key.text();
        for (auto const& part : request.parts) {
            if (part.source == source) result = wrong("stream source `" + source + "` twice");
        }
        if (result) result = check_items(source, items);
        request.records += items.size();
        request.parts.push_back({std::move(source), items});
        return result.has_value();
    });
    return result;
}

}  // namespace

Result<IngestRequest> read_ingest(JsonNode root, KeyStyle style) {
    if (!root.is(JsonKind::object)) return wrong("the request must be a JSON object");
    Members members;
    std::string unknown;
    root.each_member([&](JsonNode key, JsonNode value) {
        if (!take_member(members, style, key, value)) unknown = key.text();
        return true;
    });
    auto const& names = style == KeyStyle::camel ? camel : snake;
    if (!members.workspace) return missing(names.workspace);
    if (!members.dry_run) return missing(names.dry_run);
    if (!members.records) return missing("records");
    if (!unknown.empty()) return wrong("`" + unknown + "` is unknown or stands twice");
    if (!members.workspace->is(JsonKind::string)) {
        return wrong("`" + std::string(names.workspace) + "` must be a string");
    }
    if (!members.dry_run->is_bool()) {
        return wrong("`" + std::string(names.dry_run) + "` must be true or false");
    }
    IngestRequest request;
    request.workspace = members.workspace->text();
    request.dry_run = members.dry_run->is(JsonKind::yes);
    if (auto parts = read_parts(*members.records, request); !parts) return parts.error();
    return request;
}

std::vector<std::string> named_sources(JsonNode root) {
    std::vector<std::string> names;
    if (auto const records = root.find("records")) {
        records->each_member([&](JsonNode key, JsonNode) {
            names.push_back(key.text());
            return true;
        });
    }
    return names;
}

std::string request_error(std::string_view message) {
    JsonText json;
    json.open('{').key("requestError").open('{');
    json.key("errorMessage").string(message);
    json.key("errorType").string("RequestValidationError").close('}').close('}');
    return json.take();
}

std::string record_errors(std::string_view workspace, std::vector<RecordError> const& errors) {
    JsonText json;
    json.open('{').key("workspaceName").string(workspace).key("recordErrors").open('[');
    for (auto const& error : errors) {
        json.open('{').key("featureViewName").string(error.view);
        json.key("pushSourceName").string(error.source);
        json.key("errorType").string("TectonObjectValidationError");
        json.key("errorMessage").string(error.message).close('}');
    }
    return json.close(']').close('}').take();
}

}  // namespace headrace::emulator
