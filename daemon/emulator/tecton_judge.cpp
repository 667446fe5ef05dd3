// The judging half of TectonEmulator: what the true answer to an ingest request is.
#include "base/hash.hpp"
#include "emulator/json_text.hpp"
#include "emulator/tecton.hpp"
#include "emulator/tecton_schema.hpp"
#include "http/message.hpp"

#include <algorithm>

namespace headrace::emulator {
namespace {

/// An answer lists no more errors, however many records are wrong.
constexpr std::size_t record_errors_max = 100;

http::ServerResponse refuse(int status, std::string_view message) {
    http::ServerResponse answer;
    answer.status = status;
    answer.body = request_error(message);
    return answer;
}

std::string hex(std::uint64_t number) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text(16, '0');
    for (std::size_t i = 0; i < 16; ++i) {
        text[15 - i] = digits[(number >> (4 * i)) & 15U];
    }
    return text;
}

}  // namespace

TectonEmulator::Judged TectonEmulator::judge(http::ServerRequest const& request,
                                             Result<void> const& parsed,
                                             Result<IngestRequest> const& envelope,
                                             Moment now) const {
    Judged judged;
    auto const* key = find_key(request, now.at);
    if (key == nullptr) {
        judged.answer = refuse(401, "invalid 'Tecton-key' authorization header");
        return judged;
    }
    auto const cap = settings_.switches.body_bytes_max;
    if (cap != 0 && request.body.size() > cap) {
        judged.answer = refuse(413, "the request is larger than " + std::to_string(cap) + " bytes");
        return judged;
    }
    if (!parsed || !envelope) {
        judged.answer = refuse(400, parsed ? envelope.error().message : parsed.error().message);
        return judged;
    }
    int status = 200;
    if (auto access = check_access(request, *envelope, now, status); !access) {
        judged.answer = refuse(status, access.error().message);
        return judged;
    }
    RecordFaults faults;
    judge_records(*envelope, now, judged, faults);
    judged.accepted = faults.errors.empty();
    judged.answer.status = judged.accepted ? 200 : 400;
    judged.answer.body = judged.accepted ? success(*envelope, faults)
                                         : record_errors(envelope->workspace, faults.errors);
    if (!judged.accepted && !settings_.switches.keep_good_records) {
        judged.writes.clear();
        judged.parts.clear();
    }
    return judged;
}

Result<void> TectonEmulator::check_access(http::ServerRequest const& request,
                                          IngestRequest const& ingest, Moment now,
                                          int& status) const {
    auto const fail = [&](int code, std::string message) -> Result<void> {
        status = code;
        return Error{ErrorCode::not_found, std::move(message)};
    };
    auto const& spaces = settings_.workspaces;
    auto const space = std::find_if(spaces.begin(), spaces.end(), [&](Workspace const& item) {
        return item.name == ingest.workspace;
    });
    if (space == spaces.end()) {
        return fail(404, "workspace `" + ingest.workspace + "` was not found");
    }
    auto const role = find_key(request, now.at)->role;
    bool const may_write = role == Role::editor || role == Role::owner;
    if (!may_write && !(role == Role::viewer && ingest.dry_run)) {
        return fail(403, "the service account may not write to the workspace");
    }
    if (!space->live && !ingest.dry_run) {
        return fail(404, "workspace `" + ingest.workspace + "` is not a live workspace");
    }
    auto const& caps = settings_.switches;
    if (caps.sources_max != 0 && ingest.parts.size() > caps.sources_max) {
        return fail(400, "at most " + std::to_string(caps.sources_max) + " stream sources");
    }
    for (auto const& part : ingest.parts) {
        if (caps.records_per_source_max != 0 && part.records.size() > caps.records_per_source_max) {
            return fail(400, "at most " + std::to_string(caps.records_per_source_max) +
                                 " records for a stream source");
        }
        auto const* source = find_source(ingest.workspace, part.source, now.at);
        if (source == nullptr) {
            return fail(404, "stream source `" + part.source + "` was not found");
        }
        auto const views = views_of(part.source);
        bool const served = std::any_of(views.begin(), views.end(), [&](std::size_t index) {
            return ingest.dry_run || settings_.views[index].online;
        });
        if (!served) {
            return fail(404, "no feature view reads stream source `" + part.source + "` online");
        }
    }
    return {};
}

void TectonEmulator::judge_records(IngestRequest const& ingest, Moment now, Judged& judged,
                                   RecordFaults& faults) const {
    for (auto const& part : ingest.parts) {
        auto const* source = find_source(ingest.workspace, part.source, now.at);
        auto const views = views_of(part.source);
        auto& good = judged.parts.emplace_back();
        part.records.each_item([&](JsonNode item) {
            auto const record = *item.find("record");
            auto const before = faults.errors.size();
            judge_record(record, *source, views, now, judged, faults);
            if (faults.errors.size() != before) return true;
            ++good.records;
            if (source->id_field.empty()) return true;
            if (auto const id = record.find(source->id_field)) good.ids.push_back(*id);
            return true;
        });
    }
    if (faults.errors.size() > record_errors_max) faults.errors.resize(record_errors_max);
}

void TectonEmulator::judge_record(JsonNode record, StreamSource const& source,
                                  std::vector<std::size_t> const& views, Moment now, Judged& judged,
                                  RecordFaults& faults) const {
    auto const before = faults.errors.size();
    auto const writes_before = judged.writes.size();
    if (auto fault = find_schema_fault(record, source, settings_.switches)) {
        auto const& view = settings_.views[views.front()].name;
        faults.errors.push_back({view, source.name, std::move(*fault)});
    }
    for (auto const index : views) {
        auto const& view = settings_.views[index];
        auto const value = record.find(view.timestamp_field);
        auto const ns =
            value && value->is(JsonKind::string) ? parse_event_time(value->text()) : std::nullopt;
        if (!ns) {
            faults.errors.push_back(
                {view.name, source.name,
                 "timestamp `" + view.timestamp_field + "` is missing or malformed"});
            continue;
        }
        auto const oldest = std::chrono::nanoseconds(now.wall.time_since_epoch()) - view.ttl;
        if (view.ttl != Duration{} && std::chrono::nanoseconds(*ns) < oldest) {
            faults.errors.push_back(
                {view.name, source.name,
                 "timestamp value is outside of the serving TTL defined for Feature View " +
                     view.name});
            continue;
        }
        TectonWrite write{index, {}, *ns, record.raw()};
        for (auto const& name : view.join_keys) {
            auto const part = record.find(name);
            if (!write.key.empty()) write.key += '\x1f';
            write.key += part ? part->text() : "null";
        }
        judged.writes.push_back(std::move(write));
    }
    if (faults.errors.size() != before) {
        judged.writes.resize(writes_before);
        return;
    }
    for (auto const index : views) {
        ++faults.counts[index];
    }
}

std::string TectonEmulator::success(IngestRequest const& ingest, RecordFaults const& faults) const {
    JsonText json;
    json.open('{').key("workspaceName").string(ingest.workspace);
    json.key("ingestMetrics").open('{').key("featureViewIngestMetrics").open('[');
    for (auto const& [index, count] : faults.counts) {
        auto const& view = settings_.views[index];
        json.open('{').key("featureViewName").string(view.name);
        if (view.online) json.key("onlineRecordIngestCount").string(std::to_string(count));
        if (view.offline) json.key("offlineRecordIngestCount").string(std::to_string(count));
        json.key("featureViewId")
            .string(hex(hash_bytes(view.name, 1)) + hex(hash_bytes(view.name, 2)))
            .close('}');
    }
    json.close(']');
    if (settings_.switches.data_source_metrics) {
        json.key("dataSourceIngestMetrics").open('[');
        for (auto const& part : ingest.parts) {
            json.open('{').key("dataSourceName").string(part.source);
            json.key("offlineRecordIngestCount").string(std::to_string(part.records.size()));
            json.key("dataSourceId").string(hex(hash_bytes(part.source, 3))).close('}');
        }
        json.close(']');
    }
    return json.close('}').close('}').take();
}

ApiKey const* TectonEmulator::find_key(http::ServerRequest const& request, TimePoint now) const {
    static constexpr std::string_view scheme = "Tecton-key ";
    auto const header = request.header("Authorization");
    if (!http::same_name(header.substr(0, scheme.size()), scheme)) return nullptr;
    auto const secret =
        header.substr(std::min(header.find_first_not_of(' ', scheme.size()), header.size()));
    for (auto const& key : settings_.keys) {
        if (key.secret != secret || secret.empty()) continue;
        return now - key_since_.at(key.secret) < key.new_for ? nullptr : &key;
    }
    return nullptr;
}

StreamSource const* TectonEmulator::find_source(std::string_view workspace, std::string_view name,
                                                TimePoint now) const {
    for (auto const& source : settings_.sources) {
        if (source.name != name || source.workspace != workspace) continue;
        return now - source_since_.at(source.name) < source.new_for ? nullptr : &source;
    }
    return nullptr;
}

std::vector<std::size_t> TectonEmulator::views_of(std::string_view source) const {
    std::vector<std::size_t> views;
    for (std::size_t i = 0; i < settings_.views.size(); ++i) {
        if (settings_.views[i].source == source) views.push_back(i);
    }
    return views;
}

}  // namespace headrace::emulator
