#include "emulator/tecton.hpp"

#include "base/hash.hpp"
#include "emulator/fault_answers.hpp"
#include "emulator/tecton_control.hpp"

#include <algorithm>
#include <cmath>

namespace headrace::emulator {
namespace {

template <class Items, class Value, class Member>
void set_by(Items& items, Value value, Member member) {
    for (auto& item : items) {
        if (item.*member != value.*member) continue;
        item = std::move(value);
        return;
    }
    items.push_back(std::move(value));
}

/// What a fault of that status says when it speaks as Tecton does.
std::string own_body(Fault const& fault) {
    if (!fault.message.empty()) return request_error(fault.message);
    switch (fault.status) {
        case 429:
            return request_error("Too many requests, please retry later");
        case 504:
            return request_error("Timed out");
        default:
            return request_error("status " + std::to_string(fault.status));
    }
}

}  // namespace

TectonEmulator::TectonEmulator(TectonSettings settings, Moment start)
    : settings_(std::move(settings)),
      faults_(settings_.seed),
      store_(settings_.switches.store, settings_.switches.rows_max) {
    for (auto const& key : settings_.keys) {
        key_since_[key.secret] = start.at;
    }
    for (auto const& source : settings_.sources) {
        source_since_[source.name] = start.at;
    }
}

void TectonEmulator::set_workspace(Workspace workspace) {
    set_by(settings_.workspaces, std::move(workspace), &Workspace::name);
}

void TectonEmulator::set_key(ApiKey key, TimePoint now) {
    key_since_[key.secret] = now;
    set_by(settings_.keys, std::move(key), &ApiKey::secret);
}

void TectonEmulator::set_source(StreamSource source, TimePoint now) {
    source_since_[source.name] = now;
    set_by(settings_.sources, std::move(source), &StreamSource::name);
}

void TectonEmulator::set_view(FeatureView view) {
    set_by(settings_.views, std::move(view), &FeatureView::name);
}

bool TectonEmulator::remove_workspace(std::string_view name) {
    return std::erase_if(settings_.workspaces, [&](auto& item) { return item.name == name; }) != 0;
}

bool TectonEmulator::remove_key(std::string_view secret) {
    return std::erase_if(settings_.keys, [&](auto& item) { return item.secret == secret; }) != 0;
}

bool TectonEmulator::remove_source(std::string_view name) {
    return std::erase_if(settings_.sources, [&](auto& item) { return item.name == name; }) != 0;
}

void TectonEmulator::reset() {
    faults_.clear();
    store_ = TectonStore(settings_.switches.store, settings_.switches.rows_max);
    stats_ = {};
    in_progress_.reset();
}

Reply TectonEmulator::handle(http::ServerRequest const& request, Moment now) {
    auto const path = request.path();
    Reply reply;
    if (path.starts_with("/_emulator/")) {
        reply.response = TectonControl(*this).answer(request, now);
        return reply;
    }
    ++stats_.requests;
    auto const& either = settings_.switches.both_key_styles;
    bool const posted = request.method == "POST";
    if (posted && path == "/ingest") {
        return ingest(request, either ? KeyStyle::either : KeyStyle::snake, now);
    }
    if (posted && path == "/v2/ingest") {
        return ingest(request, either ? KeyStyle::either : KeyStyle::camel, now);
    }
    bool const is_known = path == "/ingest" || path == "/v2/ingest";
    reply.response.status = is_known ? 405 : 404;
    reply.response.content_type = "text/plain";
    reply.response.body = is_known ? "Method Not Allowed" : "Not Found";
    return reply;
}

Reply TectonEmulator::ingest(http::ServerRequest const& request, KeyStyle style, Moment now) {
    auto const parsed = tree_.parse(request.body);
    Result<IngestRequest> const envelope =
        parsed ? read_ingest(tree_.root(), style) : Result<IngestRequest>(parsed.error());
    bool const dry_run = envelope && envelope->dry_run;
    auto const targets = parsed ? named_sources(tree_.root()) : std::vector<std::string>{};
    ++(dry_run ? stats_.dry_runs : stats_.ingest_requests);
    if (envelope && !dry_run) count_received(*envelope);

    auto const draw = faults_.draw(
        {dry_run ? "dry_run" : "ingest", true, &targets, envelope ? envelope->records : 0}, now.at);
    auto judged = judge(request, parsed, envelope, now);
    Reply reply;
    std::vector<std::uint64_t> keys;
    if (!dry_run) {
        for (auto const& write : judged.writes) {
            keys.push_back(hash_bytes(write.key, write.view));
        }
    }
    bool const stalled = draw.fault && draw.fault->kind == FaultKind::stall;
    reply.ticket = in_progress_.begin(std::move(keys), stalled);
    apply_fault(draw, judged, reply, now);

    bool const untrue = draw.fault && !keeps_answer(draw.fault->kind);
    bool const writes =
        !judged.writes.empty() && !dry_run && (!untrue || draw.fault->write != WriteEffect::none);
    bool const part = untrue && draw.fault->write == WriteEffect::part;
    if (writes) write(*envelope, judged, part ? draw.fault->written_share : 1.0);
    auto const delivery = reply.response.delivery;
    if (delivery == http::Delivery::reset) {
        ++stats_.unanswered;
    } else {
        ++stats_.by_status[reply.response.status];
    }
    bool const whole = delivery != http::Delivery::truncated &&
                       !(draw.fault && draw.fault->kind == FaultKind::broken_body);
    if (judged.accepted && !dry_run && !untrue && whole) {
        stats_.records_acknowledged += envelope->records;
    }
    return reply;
}

void TectonEmulator::apply_fault(FaultDraw const& draw, Judged& judged, Reply& reply,
                                 Moment now) const {
    reply.wait = draw.wait;
    if (!draw.fault) {
        reply.response = std::move(judged.answer);
        return;
    }
    switch (draw.fault->kind) {
        case FaultKind::status:
            reply.response = status_answer(*draw.fault, own_body(*draw.fault), now.wall);
            break;
        case FaultKind::absent:
            reply.response.status = 404;
            reply.response.body = request_error("stream source was not found");
            break;
        case FaultKind::goaway:
            reply.response = goaway_answer();
            break;
        default:
            reply.response = std::move(judged.answer);
            break;
    }
    spoil(reply, *draw.fault);
}

void TectonEmulator::count_received(IngestRequest const& ingest) {
    stats_.records_received += ingest.records;
    for (auto const& part : ingest.parts) {
        auto& source = store_.source(part.source);
        auto const records = part.records.size();
        ++source.requests;
        source.records_received += records;
        source.records_per_request_max = std::max(source.records_per_request_max, records);
    }
}

void TectonEmulator::write(IngestRequest const& ingest, Judged const& judged, double share) {
    auto const part_of = [share](std::size_t count) {
        return static_cast<std::size_t>(std::floor(static_cast<double>(count) * share));
    };
    for (std::size_t i = 0; i < part_of(judged.writes.size()); ++i) {
        auto const& view = settings_.views[judged.writes[i].view];
        if (view.online) store_.write(judged.writes[i], view);
    }
    for (std::size_t i = 0; i < judged.parts.size(); ++i) {
        auto const& part = judged.parts[i];
        auto const& name = ingest.parts[i].source;
        store_.source(name).records_written += part_of(part.records);
        stats_.records_written += part_of(part.records);
        for (std::size_t id = 0; id < part_of(part.ids.size()); ++id) {
            store_.count_id(name, part.ids[id]);
        }
    }
}

}  // namespace headrace::emulator
