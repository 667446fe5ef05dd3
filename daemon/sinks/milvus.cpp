#include "sinks/milvus.hpp"

#include "base/hash.hpp"
#include "base/json.hpp"
#include "sinks/judgements.hpp"
#include "sinks/milvus_answer.hpp"
#include "sinks/milvus_collapse.hpp"
#include "sinks/milvus_collections.hpp"
#include "sinks/milvus_key.hpp"
#include "sinks/name_source.hpp"
#include "sinks/reasons.hpp"
#include "sinks/record_value.hpp"
#include "sinks/request_headers.hpp"

#include <algorithm>
#include <cassert>

namespace headrace::sinks {
namespace {

/// What stands around the names and the rows: braces, keys, brackets.
constexpr std::size_t envelope_base_bytes = 160;

constexpr std::string_view no_row = "{}";

/// Where a key's raw token stands in the value, in the record's sink_word.
[[nodiscard]] std::uint64_t token_word(std::string_view value, std::string_view raw) noexcept {
    auto const begin = static_cast<std::uint64_t>(raw.data() - value.data());
    return (begin << 32U) | raw.size();
}
[[nodiscard]] std::string_view token_at(std::string_view value, std::uint64_t word) noexcept {
    std::size_t const begin = std::min<std::size_t>(word >> 32U, value.size());
    return value.substr(begin, word & 0xFFFFFFFFU);
}

/// A path on the server: what stands in the URL goes before it.
[[nodiscard]] std::string path_of(http::Url const& url, std::string_view operation) {
    std::string path = url.path;
    while (path.ends_with('/'))
        path.pop_back();
    return path + "/v2/vectordb/" + std::string(operation);
}

class MilvusDialect final : public Dialect {
  public:
    explicit MilvusDialect(MilvusSettings settings);

    [[nodiscard]] flow::RequestShape shape() const override;
    [[nodiscard]] flow::Placement place(flow::Record const& record) override;
    [[nodiscard]] std::string target_name(flow::TargetId target) const override {
        return known_.target(target).name;
    }
    [[nodiscard]] flow::TargetNames names_of(flow::TargetId target) const override {
        auto const& collection = known_.collection_of(target).name;
        return {collection, collection + "/" + known_.target(target).partition};
    }
    [[nodiscard]] std::variant<flow::Inspection, flow::Refusal> inspect(
        flow::Record const& record, flow::TargetId target) override;
    void collapse(std::span<flow::Record const> records,
                  std::vector<std::uint32_t>& effective) override;
    void encode(std::span<flow::Record const> records, std::span<std::uint32_t const> effective,
                EncodedRequest& out) override;
    [[nodiscard]] flow::Judgement judge(EncodedRequest const& sent,
                                        http::Response const& answer) override;
    [[nodiscard]] bool is_ready(flow::TargetId target) const override {
        return known_.collection_of(target).is_known;
    }
    [[nodiscard]] bool encode_preparation(flow::TargetId target, EncodedRequest& out) override;
    [[nodiscard]] flow::Judgement judge_preparation(flow::TargetId target,
                                                    http::Response const& answer) override;

  private:
    /// Forgets that a name is unknown where that must block.
    void keep_unknown(flow::Judgement& judgement) const noexcept {
        auto const& unknown = judgement.unknown;
        bool const buries =
            (unknown == flow::UnknownName::source && collection_.buries_unknown()) ||
            (unknown == flow::UnknownName::place && partition_ && partition_->buries_unknown());
        if (!buries) judgement.unknown = flow::UnknownName::none;
    }

    using Inspected = std::variant<flow::Inspection, flow::Refusal>;
    [[nodiscard]] Inspected inspect_row(flow::Record const& record, flow::TargetId target);
    [[nodiscard]] Inspected inspect_delete(flow::Record const& record, flow::TargetId target);
    [[nodiscard]] std::size_t envelope_bytes(flow::TargetId target) const;
    [[nodiscard]] std::uint64_t order_hash_of_key(flow::TargetId target) const;
    [[nodiscard]] std::string const& path_of_operation(MilvusOperation operation) const noexcept;
    void append_key(flow::Record const& record, flow::TargetId target, std::string& out) const;
    void append_rows(std::span<flow::Record const> records,
                     std::span<std::uint32_t const> effective, EncodedRequest& out) const;
    void append_filter(std::span<flow::Record const> records,
                       std::span<std::uint32_t const> effective, flow::TargetId target,
                       std::string& body);

    std::string upsert_path_;
    std::string insert_path_;
    std::string delete_path_;
    std::string describe_path_;
    std::size_t body_bytes_max_;
    OnTombstone on_tombstone_;
    std::string database_;
    std::string primary_key_;
    MilvusOperation operation_;
    RequestHeaders headers_;
    NameSource collection_;
    std::optional<NameSource> partition_;
    MilvusCollections known_;
    JsonValidator validator_;
    MilvusCollapse collapse_;
    std::string key_text_;     ///< Memory used again.
    std::string filter_text_;  ///< Memory used again.
};

MilvusDialect::MilvusDialect(MilvusSettings settings)
    : upsert_path_(path_of(settings.requests.client.url, "entities/upsert")),
      insert_path_(path_of(settings.requests.client.url, "entities/insert")),
      delete_path_(path_of(settings.requests.client.url, "entities/delete")),
      describe_path_(path_of(settings.requests.client.url, "collections/describe")),
      body_bytes_max_(settings.requests.body_bytes_max),
      on_tombstone_(settings.requests.on_tombstone),
      database_(settings.database),
      primary_key_(std::move(settings.primary_key)),
      operation_(settings.insert ? MilvusOperation::insert : MilvusOperation::upsert),
      headers_({{"Content-Type", "application/json"},
                {"Accept", "application/json"},
                {"Accept-Type-Allow-Int64", "true"}},
               settings.requests, "Bearer ", std::move(settings.token)),
      collection_(std::move(settings.collection), "collection"),
      known_(settings.database) {
    if (settings.partition) partition_.emplace(std::move(*settings.partition), "partition");
}

flow::RequestShape MilvusDialect::shape() const {
    std::size_t const partition = partition_ ? partition_->json_bytes_max() : 0;
    std::string database;
    append_json_string(database, database_);
    return {.targets_max = 1,
            .envelope_bytes =
                envelope_base_bytes + database.size() + collection_.json_bytes_max() + partition,
            .has_own_key = true,
            .has_one_name = collection_.is_fixed() && (!partition_ || partition_->is_fixed())};
}

flow::Placement MilvusDialect::place(flow::Record const& record) {
    MilvusOperation operation = operation_;
    if (!record.value) {
        if (on_tombstone_ == OnTombstone::skip) return flow::Skip{reason::tombstone};
        if (on_tombstone_ == OnTombstone::dead_letter) {
            return refuse_decode(reason::tombstone,
                                 "the value is null, and record.on_tombstone is dead_letter");
        }
        operation = MilvusOperation::erase;
    } else if (collection_.reads_value() || (partition_ && partition_->reads_value())) {
        if (auto refusal = check_value(validator_, *record.value)) return std::move(*refusal);
    }
    auto collection = collection_.find(record);
    if (auto* const refusal = std::get_if<flow::Refusal>(&collection)) return std::move(*refusal);
    std::variant<std::string_view, flow::Refusal> partition = std::string_view();
    if (partition_) partition = partition_->find(record);
    if (auto* const refusal = std::get_if<flow::Refusal>(&partition)) return std::move(*refusal);
    auto const target = known_.find_or_add(std::get<std::string_view>(collection),
                                           std::get<std::string_view>(partition), operation);
    if (target) return *target;
    return refuse_encode(reason::too_many_names,
                         "more than " + std::to_string(targets_max) +
                             " different collections and partitions were named by records");
}

std::variant<flow::Inspection, flow::Refusal> MilvusDialect::inspect(flow::Record const& record,
                                                                     flow::TargetId target) {
    Inspected inspected = known_.target(target).operation == MilvusOperation::erase
                              ? inspect_delete(record, target)
                              : inspect_row(record, target);
    if (auto const* const inspection = std::get_if<flow::Inspection>(&inspected)) {
        std::size_t const body = envelope_bytes(target) + inspection->encoded_bytes;
        if (auto refusal = check_size(body, body_bytes_max_)) return std::move(*refusal);
    }
    return inspected;
}

MilvusDialect::Inspected MilvusDialect::inspect_row(flow::Record const& record,
                                                    flow::TargetId target) {
    std::string_view const value = record.value.value_or(std::string_view());
    // A name in a field means that place() has checked the value already.
    bool const is_checked = collection_.reads_value() || (partition_ && partition_->reads_value());
    if (!is_checked) {
        if (auto refusal = check_value(validator_, value)) return std::move(*refusal);
    }
    flow::Inspection inspection{.encoded_bytes = value.size() + 1};
    MilvusSchema const& schema = known_.collection_of(target).schema;
    if (operation_ == MilvusOperation::insert && schema.auto_id) return inspection;
    auto const raw = is_checked ? find_raw(value, "/" + schema.primary_key)
                                : validator_.find_member(schema.primary_key);
    if (!raw || *raw == "null") {
        return refuse_encode(reason::no_key, "the record has no primary key: its field " +
                                                 schema.primary_key + " is missing or null");
    }
    if (!can_be_milvus_key(*raw)) {
        return refuse_encode(reason::bad_key, "the primary key " + schema.primary_key +
                                                  " is no number and no string");
    }
    key_text_.clear();
    append_milvus_key(key_text_, *raw, schema.key_type);
    inspection.order_hash = order_hash_of_key(target);
    inspection.sink_word = token_word(value, *raw);
    return inspection;
}

MilvusDialect::Inspected MilvusDialect::inspect_delete(flow::Record const& record,
                                                       flow::TargetId target) {
    if (!record.key) {
        return refuse_encode(
            reason::no_key,
            "a delete needs the primary key as the Kafka key, and the record has none");
    }
    MilvusSchema const& schema = known_.collection_of(target).schema;
    key_text_.clear();
    if (!append_milvus_key_of_bytes(key_text_, *record.key, schema.key_type)) {
        return refuse_encode(reason::bad_key,
                             schema.key_type == MilvusKeyType::int64
                                 ? "the Kafka key of a delete is no Int64 in decimal digits"
                                 : "the Kafka key of a delete is not UTF-8");
    }
    std::string literal = key_text_;
    if (schema.key_type == MilvusKeyType::varchar) {
        // Quoted in the filter, which is quoted in the body.
        filter_text_.clear();
        append_json_string(filter_text_, key_text_);
        literal.clear();
        append_json_string(literal, filter_text_);
    }
    return flow::Inspection{.order_hash = order_hash_of_key(target),
                            .encoded_bytes = literal.size() + 1};
}

/// The hash of the key in key_text_. Deletes and rows of one partition share the seed, so that they
/// keep their order.
std::uint64_t MilvusDialect::order_hash_of_key(flow::TargetId target) const {
    return std::max<std::uint64_t>(hash_bytes(key_text_, known_.target(target).order_seed), 1);
}

std::size_t MilvusDialect::envelope_bytes(flow::TargetId target) const {
    MilvusCollection const& collection = known_.collection_of(target);
    return envelope_base_bytes + collection.prefix.size() +
           2 * known_.target(target).partition.size() + collection.schema.primary_key.size();
}

void MilvusDialect::collapse(std::span<flow::Record const> records,
                             std::vector<std::uint32_t>& effective) {
    if (operation_ == MilvusOperation::insert &&
        std::ranges::none_of(records, [](flow::Record const& record) { return !record.value; })) {
        Dialect::collapse(records, effective);
        return;
    }
    collapse_.clear();
    for (flow::Record const& record : records) {
        append_key(record, record.target, collapse_.text());
        collapse_.add();
    }
    collapse_.find_last_of_each(effective);
}

void MilvusDialect::append_key(flow::Record const& record, flow::TargetId target,
                               std::string& out) const {
    MilvusKeyType const type = known_.collection_of(target).schema.key_type;
    if (!record.value) {
        std::string_view const key = record.key.value_or(std::string_view());
        if (!append_milvus_key_of_bytes(out, key, type)) out += key;
    } else {
        append_milvus_key(out, token_at(*record.value, record.sink_word), type);
    }
}

void MilvusDialect::encode(std::span<flow::Record const> records,
                           std::span<std::uint32_t const> effective, EncodedRequest& out) {
    headers_.write(out);
    out.records = effective.size();
    assert(!effective.empty());
    flow::TargetId const id = records[effective.front()].target;
    MilvusTarget const& target = known_.target(id);
    MilvusCollection const& collection = known_.collection_of(id);
    out.targets.push_back(id);
    out.generation = collection.generation;
    out.path = path_of_operation(target.operation);
    out.body += collection.prefix;
    if (!target.partition.empty()) {
        out.body += R"(,"partitionName":)";
        append_json_string(out.body, target.partition);
    }
    if (target.operation == MilvusOperation::erase) {
        append_filter(records, effective, id, out.body);
    } else {
        append_rows(records, effective, out);
    }
    out.body += '}';
}

std::string const& MilvusDialect::path_of_operation(MilvusOperation operation) const noexcept {
    switch (operation) {
        case MilvusOperation::insert:
            return insert_path_;
        case MilvusOperation::erase:
            return delete_path_;
        case MilvusOperation::describe:
            return describe_path_;
        case MilvusOperation::upsert:
            break;
    }
    return upsert_path_;
}

void MilvusDialect::append_rows(std::span<flow::Record const> records,
                                std::span<std::uint32_t const> effective,
                                EncodedRequest& out) const {
    out.body += R"(,"data":[)";
    for (std::uint32_t const i : effective) {
        auto const& value = records[i].value;
        out.append_value(value ? *value : no_row);
        out.body += ',';
    }
    out.body.back() = ']';
}

void MilvusDialect::append_filter(std::span<flow::Record const> records,
                                  std::span<std::uint32_t const> effective, flow::TargetId target,
                                  std::string& body) {
    MilvusSchema const& schema = known_.collection_of(target).schema;
    // A literal, not exprParams: every version of REST v2 reads it, and the escapes of JSON are
    // those of its strings.
    filter_text_ = schema.primary_key + " in [";
    for (std::uint32_t const i : effective) {
        key_text_.clear();
        append_key(records[i], target, key_text_);
        if (schema.key_type == MilvusKeyType::varchar) {
            append_json_string(filter_text_, key_text_);
        } else {
            filter_text_ += key_text_;
        }
        filter_text_ += ',';
    }
    filter_text_.back() = ']';
    body += R"(,"filter":)";
    append_json_string(body, filter_text_);
}

flow::Judgement MilvusDialect::judge(EncodedRequest const& sent, http::Response const& answer) {
    assert(!sent.targets.empty());
    flow::TargetId const target = sent.targets.front();
    MilvusAnswer result = judge_milvus(validator_, answer,
                                       {.operation = known_.target(target).operation,
                                        .records = sent.records,
                                        .target = known_.target(target).name});
    known_.conclude(target, sent.generation, result);
    keep_unknown(result.judgement);
    return std::move(result.judgement);
}

bool MilvusDialect::encode_preparation(flow::TargetId target, EncodedRequest& out) {
    headers_.write(out);
    out.path = describe_path_;
    out.targets.push_back(target);
    out.body = known_.collection_of(target).prefix + "}";
    return true;
}

flow::Judgement MilvusDialect::judge_preparation(flow::TargetId target,
                                                 http::Response const& answer) {
    std::string const& name = known_.target(target).name;
    flow::Judgement judgement =
        judge_milvus(validator_, answer,
                     {.operation = MilvusOperation::describe, .records = 0, .target = name})
            .judgement;
    keep_unknown(judgement);
    // No record was sent that could be refused: the name is at fault.
    if (judgement.verdict == flow::Verdict::split) {
        judgement.verdict = flow::Verdict::blocked;
        judgement.reason = flow::FailureReason::blocked;
        judgement.scope = flow::BlockScope::target;
    }
    if (judgement.verdict != flow::Verdict::delivered) return judgement;
    auto schema = parse_milvus_schema(find_raw(answer.body, "/data").value_or(std::string_view()));
    std::string const misfit =
        schema ? find_milvus_misfit(*schema, {.operation = operation_,
                                              .partition = known_.target(target).partition,
                                              .primary_key = primary_key_})
               : schema.error().message;
    if (!misfit.empty()) {
        std::string status = std::move(judgement.status);
        judgement = judge_blocked(flow::BlockScope::target, name + ": " + misfit);
        judgement.status = std::move(status);
        return judgement;
    }
    known_.learn(target, std::move(schema).value());
    return judgement;
}

}  // namespace

std::unique_ptr<Dialect> make_milvus_dialect(MilvusSettings settings) {
    return std::make_unique<MilvusDialect>(std::move(settings));
}

}  // namespace headrace::sinks
