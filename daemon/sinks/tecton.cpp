#include "sinks/tecton.hpp"

#include "base/json.hpp"
#include "sinks/name_source.hpp"
#include "sinks/reasons.hpp"
#include "sinks/record_value.hpp"
#include "sinks/request_headers.hpp"
#include "sinks/target_index.hpp"
#include "sinks/tecton_answer.hpp"

#include <algorithm>
#include <optional>

namespace headrace::sinks {
namespace {

/// How many stream sources a request may carry when records name them.
constexpr std::size_t stream_sources_max = 16;
constexpr std::string_view item_begin = R"({"record":)";
/// `{"record":` … `}` and a comma.
constexpr std::size_t item_bytes = item_begin.size() + 2;

/// Everything before the stream sources.
[[nodiscard]] std::string envelope_begin(TectonSettings const& settings) {
    bool const camel_case = settings.requests.client.url.path.find("/v2/") != std::string::npos;
    std::string text = camel_case ? R"({"workspaceName":)" : R"({"workspace_name":)";
    append_json_string(text, settings.workspace_name);
    text += camel_case ? R"(,"dryRun":)" : R"(,"dry_run":)";
    text += settings.dry_run ? "true" : "false";
    text += R"(,"records":{)";
    return text;
}
constexpr std::string_view envelope_end = "}}";
/// Longer answers are judged anew each time.
constexpr std::size_t delivered_bytes_max = 4096;

struct StreamSource {
    std::string name;
    std::string begin;  ///< `"name":[`
};

class TectonDialect final : public Dialect {
  public:
    explicit TectonDialect(TectonSettings settings)
        : path_(settings.requests.client.url.path),
          begin_(envelope_begin(settings)),
          body_bytes_max_(settings.requests.body_bytes_max),
          skips_tombstones_(settings.requests.on_tombstone == OnTombstone::skip),
          dry_run_(settings.dry_run),
          headers_({{"Content-Type", "application/json"}, {"Accept", "application/json"}},
                   settings.requests, "Tecton-key ", std::move(settings.api_key)),
          name_(std::move(settings.stream_source_name), "stream source") {}

    [[nodiscard]] flow::RequestShape shape() const override {
        std::size_t const targets = name_.is_fixed() ? 1 : stream_sources_max;
        // `:[` and `],` beside each name.
        std::size_t const names = targets * (name_.json_bytes_max() + 4);
        return {.targets_max = targets,
                .envelope_bytes = begin_.size() + names + envelope_end.size(),
                .has_one_name = name_.is_fixed()};
    }

    [[nodiscard]] flow::Placement place(flow::Record const& record) override {
        if (!record.value) {
            if (skips_tombstones_) return flow::Skip{reason::tombstone};
            return refuse_decode(reason::tombstone, "the value is null, and Tecton has no delete");
        }
        if (fixed_target_) return *fixed_target_;
        if (name_.reads_value()) {
            if (auto refusal = check_value(validator_, *record.value)) return std::move(*refusal);
        }
        auto name = name_.find(record);
        if (auto* const refusal = std::get_if<flow::Refusal>(&name)) return std::move(*refusal);
        auto placement = intern(std::get<std::string_view>(name));
        if (auto const* const target = std::get_if<flow::TargetId>(&placement);
            target != nullptr && name_.is_fixed())
            fixed_target_ = *target;
        return placement;
    }

    [[nodiscard]] std::string target_name(flow::TargetId target) const override {
        return sources_.at(target).name;
    }

    [[nodiscard]] std::variant<flow::Inspection, flow::Refusal> inspect(
        flow::Record const& record, flow::TargetId target) override {
        std::string_view const value = record.value.value_or(std::string_view{});
        // A name in a field means that place() has checked the value already.
        if (!name_.reads_value()) {
            if (auto refusal = check_value(validator_, value)) return std::move(*refusal);
        }
        std::size_t const bytes = value.size() + item_bytes;
        std::size_t const body =
            begin_.size() + sources_.at(target).begin.size() + bytes + envelope_end.size();
        if (auto refusal = check_size(body, body_bytes_max_)) return std::move(*refusal);
        return flow::Inspection{.encoded_bytes = bytes};
    }

    void encode(std::span<flow::Record const> records, std::span<std::uint32_t const> effective,
                EncodedRequest& out) override {
        out.path = path_;
        headers_.write(out);
        out.records = effective.size();
        for (std::uint32_t const i : effective) {
            if (std::ranges::find(out.targets, records[i].target) == out.targets.end()) {
                out.targets.push_back(records[i].target);
            }
        }
        out.body += begin_;
        for (flow::TargetId const target : out.targets) {
            append_source(records, effective, target, out.body);
        }
        // The last comma makes room for the end.
        if (!out.targets.empty()) out.body.pop_back();
        out.body += envelope_end;
    }

    [[nodiscard]] flow::Judgement judge(EncodedRequest const& sent,
                                        http::Response const& answer) override {
        // Full batches are answered alike, byte for byte.
        if (answer.status == delivered_.status && answer.body == delivered_.body)
            return delivered_.judgement;
        names_.clear();
        for (flow::TargetId const target : sent.targets) {
            if (!names_.empty()) names_ += ", ";
            names_ += sources_.at(target).name;
        }
        auto judgement =
            judge_tecton(validator_, answer, {.stream_sources = names_, .dry_run = dry_run_});
        if (!name_.buries_unknown()) judgement.unknown = flow::UnknownName::none;
        bool const is_short = answer.body.size() <= delivered_bytes_max;
        if (judgement.verdict == flow::Verdict::delivered && is_short)
            delivered_ = {answer.status, answer.body, judgement};
        return judgement;
    }

  private:
    /// The last answer that meant delivered. What an answer of such a status means depends on its
    /// bytes alone.
    struct Delivered {
        int status = 0;
        std::string body;
        flow::Judgement judgement;
    };

    [[nodiscard]] flow::Placement intern(std::string_view name) {
        auto const entry = index_.find_or_add(name);
        if (!entry) {
            return refuse_encode(reason::too_many_names,
                                 "more than " + std::to_string(targets_max) +
                                     " different stream sources were named by records");
        }
        if (entry->is_new) {
            StreamSource source{.name = std::string(name), .begin = {}};
            append_json_string(source.begin, name);
            source.begin += ":[";
            sources_.push_back(std::move(source));
        }
        return entry->id;
    }

    /// Appends the records of one stream source and a comma.
    void append_source(std::span<flow::Record const> records,
                       std::span<std::uint32_t const> effective, flow::TargetId target,
                       std::string& body) const {
        body += sources_.at(target).begin;
        for (std::uint32_t const i : effective) {
            if (records[i].target != target) continue;
            body += item_begin;
            body += records[i].value.value_or(std::string_view("{}"));
            body += "},";
        }
        body.back() = ']';
        body += ',';
    }

    std::string path_;
    std::string begin_;
    std::size_t body_bytes_max_;
    bool skips_tombstones_;
    bool dry_run_;
    RequestHeaders headers_;
    NameSource name_;
    JsonValidator validator_;
    TargetIndex index_;
    std::vector<StreamSource> sources_;
    std::optional<flow::TargetId> fixed_target_;  ///< Once the one name was interned.
    Delivered delivered_;
    std::string names_;  ///< Memory used again.
};

}  // namespace

std::unique_ptr<Dialect> make_tecton_dialect(TectonSettings settings) {
    return std::make_unique<TectonDialect>(std::move(settings));
}

}  // namespace headrace::sinks
