#include "emulator/milvus.hpp"

#include "base/hash.hpp"
#include "emulator/fault_answers.hpp"
#include "emulator/json_text.hpp"
#include "emulator/milvus_codes.hpp"
#include "emulator/milvus_collections.hpp"
#include "emulator/milvus_control.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace headrace::emulator {
namespace {

/// From this size on the real handler answers in chunks.
constexpr std::size_t whole_answer_max = 2'048;
constexpr Duration request_timeout_default = std::chrono::seconds(30);
/// Writes that wait for their time; more are done at once.
constexpr std::size_t late_max = 10'000;
/// Idempotency keys that are remembered; those after them are not.
constexpr std::size_t first_answers_max = 100'000;
constexpr std::uint64_t shards = 16;
constexpr std::string_view prefix = "/v2/vectordb/";

http::ServerResponse not_found() {
    http::ServerResponse answer;
    answer.status = 404;
    answer.content_type = "text/plain";
    answer.body = "404 page not found";
    return answer;
}

bool is_write(std::string_view operation) {
    return operation == "entities/insert" || operation == "entities/upsert" ||
           operation == "entities/delete";
}

bool is_known(std::string_view operation) {
    static constexpr std::array<std::string_view, 6> entities{"entities/insert", "entities/upsert",
                                                              "entities/delete", "entities/query",
                                                              "entities/get",    "entities/search"};
    if (std::find(entities.begin(), entities.end(), operation) != entities.end()) return true;
    auto const slash = operation.find('/');
    return slash != std::string_view::npos &&
           is_collection_operation(operation.substr(0, slash), operation.substr(slash + 1));
}

std::string_view last_word(std::string_view operation) {
    return operation.substr(operation.find('/') + 1);
}

/// What a fault of that status says when it speaks as Milvus does.
http::ServerResponse own_answer(Fault const& fault, WallTime now) {
    std::string body;
    auto const say = [&](std::int64_t code, std::string_view text) {
        body =
            milvus_failure_body({code, fault.message.empty() ? std::string(text) : fault.message});
    };
    switch (fault.status) {
        case 401:
            say(1800, milvus_code_text(1800));
            break;
        case 403:
            say(65535, "permission denied");
            break;
        case 404:
            if (fault.body == BodyForm::json) return not_found();
            break;
        case 408:
            say(10001, milvus_code_text(10001));
            break;
        case 500:
            body = R"({"code":500})";
            break;
        default:
            say(fault.code, milvus_code_text(fault.code));
            break;
    }
    return status_answer(fault, std::move(body), now);
}

MilvusFailure failure_of(Fault const& fault) {
    if (fault.code == 1807) {
        return limiter_failure(fault.message.empty() ? "rate limit exceeded[rate=0.1]"
                                                     : fault.message);
    }
    return {fault.code,
            fault.message.empty() ? std::string(milvus_code_text(fault.code)) : fault.message};
}

/// The server's own limit: the client may shorten it.
Duration request_timeout(http::ServerRequest const& request) {
    auto const text = request.header("Request-Timeout");
    std::uint32_t secs = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), secs);
    if (error != std::errc{} || secs == 0) return request_timeout_default;
    return std::chrono::seconds(secs);
}

}  // namespace

MilvusEmulator::MilvusEmulator(MilvusSettings settings, Moment)
    : settings_(std::move(settings)), faults_(settings_.seed), store_(settings_.switches.store) {}

void MilvusEmulator::set_collection(MilvusCollection collection) {
    if (auto* known = find_collection(collection.database, collection.name)) {
        *known = std::move(collection);
    } else {
        settings_.collections.push_back(std::move(collection));
    }
}

bool MilvusEmulator::remove_collection(std::string_view database, std::string_view name) {
    return std::erase_if(settings_.collections, [&](MilvusCollection const& item) {
               return item.database == database && item.name == name;
           }) != 0;
}

void MilvusEmulator::set_tokens(std::vector<std::string> tokens,
                                std::vector<std::string> read_only) {
    settings_.tokens = std::move(tokens);
    settings_.read_only_tokens = std::move(read_only);
}

void MilvusEmulator::reset() {
    faults_.clear();
    store_ = MilvusStore(settings_.switches.store);
    stats_ = {};
    late_.clear();
    first_answers_.clear();
    in_progress_.reset();
}

MilvusCollection* MilvusEmulator::find_collection(std::string_view database,
                                                  std::string_view name) {
    for (auto& collection : settings_.collections) {
        if (collection.database == database && collection.name == name) return &collection;
    }
    return nullptr;
}

Reply MilvusEmulator::handle(http::ServerRequest const& request, Moment now) {
    settle_late(now);
    auto const path = request.path();
    Reply reply;
    if (path.starts_with("/_emulator/")) {
        reply.response = MilvusControl(*this).answer(request, now);
        return reply;
    }
    ++stats_.requests;
    auto const operation = path.starts_with(prefix) ? path.substr(prefix.size()) : "";
    if (request.method == "POST" && is_known(operation)) return answer(request, operation, now);
    reply.response = not_found();
    return reply;
}

Reply MilvusEmulator::answer(http::ServerRequest const& request, std::string_view operation,
                             Moment now) {
    bool const writes = is_write(operation);
    auto const parsed = tree_.parse(request.body);
    std::vector<std::string> targets;
    auto const name = parsed ? tree_.root().find("collectionName") : std::nullopt;
    if (name) targets.push_back(name->text());
    auto const rows = parsed ? tree_.root().find("data") : std::nullopt;
    if (writes) ++stats_.write_requests;

    auto const draw =
        faults_.draw({last_word(operation), writes, &targets, rows ? rows->size() : 0}, now.at);
    auto outcome = judge(request, operation, parsed, now);
    Reply reply;
    auto keys = outcome.write ? key_hashes(*outcome.write) : std::vector<std::uint64_t>{};
    reply.ticket =
        in_progress_.begin(std::move(keys), draw.fault && draw.fault->kind == FaultKind::stall);

    auto const& fault = draw.fault;
    std::int64_t success_code = 0;
    if (fault && fault->kind == FaultKind::success_200) success_code = 200;
    if (fault && fault->kind == FaultKind::wrong_count && outcome.write) {
        outcome.data = write_data(outcome, fault->count_error);
    }
    auto truth = envelope(outcome, success_code);
    if (!outcome.idempotency_key.empty() && first_answers_.size() < first_answers_max) {
        first_answers_[outcome.idempotency_key] = truth.body;
    }
    if (settings_.switches.standard_statuses && outcome.failure.code != 0) {
        truth.status = standard_status(outcome.failure.code, writes);
    }
    apply_fault(draw, std::move(truth), reply, now);
    write(outcome, fault, now);
    auto const limit = request_timeout(request);
    if (reply.wait > limit && reply.response.delivery != http::Delivery::reset) {
        // The handler goes on: what it writes stays written.
        reply.wait = limit;
        reply.response = {};
        reply.response.status = 408;
        reply.response.body = milvus_failure_body({10001, "request timeout"});
    }
    if (writes) count_answer(reply, outcome, fault);
    return reply;
}

void MilvusEmulator::apply_fault(FaultDraw const& draw, http::ServerResponse truth, Reply& reply,
                                 Moment now) const {
    reply.wait = draw.wait;
    reply.response = std::move(truth);
    if (!draw.fault) return;
    auto const& fault = *draw.fault;
    MilvusOutcome outcome;
    switch (fault.kind) {
        case FaultKind::status:
            reply.response = own_answer(fault, now.wall);
            break;
        case FaultKind::code:
            outcome.failure = failure_of(fault);
            break;
        case FaultKind::absent:
            outcome.failure = {100, "can't find collection"};
            break;
        case FaultKind::goaway:
            reply.response = goaway_answer();
            break;
        default:
            break;
    }
    if (outcome.failure.code != 0) {
        reply.response = envelope(outcome, 0);
        if (settings_.switches.standard_statuses) {
            reply.response.status = standard_status(outcome.failure.code, true);
        }
    }
    spoil(reply, fault);
}

http::ServerResponse MilvusEmulator::envelope(MilvusOutcome const& outcome,
                                              std::int64_t success_code) const {
    http::ServerResponse answer;
    answer.status = outcome.status;
    if (outcome.reset) answer.delivery = http::Delivery::reset;
    if (outcome.again) {
        answer.body = *outcome.again;
        return answer;
    }
    if (outcome.failure.code != 0) {
        answer.body = milvus_failure_body(outcome.failure);
        return answer;
    }
    answer.body = "{\"code\":" + std::to_string(success_code) + ",\"cost\":0,\"data\":";
    answer.body += outcome.data;
    answer.body += outcome.extra;
    answer.body += '}';
    if (answer.body.size() > whole_answer_max) answer.delivery = http::Delivery::chunked;
    return answer;
}

void MilvusEmulator::write(MilvusOutcome& outcome, std::optional<Fault> const& fault, Moment now) {
    if (!outcome.write) return;
    bool const untrue = fault && !keeps_answer(fault->kind);
    auto const effect = untrue ? fault->write : WriteEffect::whole;
    auto& rows = outcome.write->rows;
    switch (effect) {
        case WriteEffect::none:
            return;
        case WriteEffect::whole:
            break;
        case WriteEffect::part: {
            auto const share = static_cast<double>(shards) * fault->written_share;
            std::vector<MilvusKeyedRow> kept;
            std::vector<std::string> kept_ids;
            for (std::size_t i = 0; i < rows.size(); ++i) {
                if (static_cast<double>(hash_bytes(rows[i].key, 7) % shards) >= share) continue;
                if (i < outcome.ids.size()) kept_ids.push_back(std::move(outcome.ids[i]));
                kept.push_back(std::move(rows[i]));
            }
            rows = std::move(kept);
            outcome.ids = std::move(kept_ids);
            break;
        }
        case WriteEffect::late:
        case WriteEffect::after_newer:
            if (late_.size() >= late_max) break;
            late_.push_back({now.at + std::chrono::milliseconds(fault->late_ms),
                             effect == WriteEffect::after_newer, std::move(*outcome.write),
                             std::move(outcome.ids)});
            return;
    }
    write_now(*outcome.write, outcome.ids, now.at);
    overtake(*outcome.write, now.at);
}

void MilvusEmulator::write_now(MilvusWrite const& write, std::vector<std::string> const& ids,
                               TimePoint now) {
    store_.write(write, now, std::chrono::milliseconds(settings_.switches.bounded_lag_ms));
    auto& counts = store_.counts(write.collection);
    if (write.kind == MilvusWriteKind::erase) {
        counts.keys_deleted += write.rows.size();
        return;
    }
    counts.rows_written += write.rows.size();
    stats_.rows_written += write.rows.size();
    if (settings_.switches.store == StoreForm::counts) return;
    for (auto const& id : ids) {
        counts.ids.add_any(id);
    }
}

void MilvusEmulator::overtake(MilvusWrite const& newer, TimePoint now) {
    if (late_.empty()) return;
    auto const shares_key = [&](MilvusWrite const& older) {
        return older.collection == newer.collection &&
               std::any_of(older.rows.begin(), older.rows.end(), [&](auto const& old_row) {
                   return std::any_of(newer.rows.begin(), newer.rows.end(),
                                      [&](auto const& row) { return row.key == old_row.key; });
               });
    };
    std::erase_if(late_, [&](LateWrite const& late) {
        if (!late.after_newer || !shares_key(late.write)) return false;
        write_now(late.write, late.ids, now);
        ++stats_.late_writes;
        return true;
    });
}

void MilvusEmulator::settle_late(Moment now) {
    std::erase_if(late_, [&](LateWrite const& late) {
        if (late.after_newer || late.due > now.at) return false;
        write_now(late.write, late.ids, now.at);
        ++stats_.late_writes;
        return true;
    });
}

std::vector<std::uint64_t> MilvusEmulator::key_hashes(MilvusWrite const& write) const {
    auto const place = hash_bytes(write.partition, hash_bytes(write.collection, 5));
    std::vector<std::uint64_t> hashes;
    hashes.reserve(write.rows.size());
    for (auto const& row : write.rows) {
        hashes.push_back(hash_bytes(row.key, place));
    }
    return hashes;
}

void MilvusEmulator::count_answer(Reply const& reply, MilvusOutcome const& outcome,
                                  std::optional<Fault> const& fault) {
    auto const delivery = reply.response.delivery;
    if (delivery == http::Delivery::reset) {
        ++stats_.unanswered;
        return;
    }
    ++stats_.by_status[reply.response.status];
    if (fault && !keeps_answer(fault->kind)) return;
    ++stats_.by_code[outcome.failure.code];
    bool const whole =
        !fault || (fault->kind != FaultKind::truncated && fault->kind != FaultKind::broken_body &&
                   fault->kind != FaultKind::wrong_count);
    if (whole && outcome.write && reply.response.status == 200 &&
        outcome.write->kind != MilvusWriteKind::erase) {
        stats_.rows_acknowledged += outcome.write->rows.size();
    }
}

}  // namespace headrace::emulator
