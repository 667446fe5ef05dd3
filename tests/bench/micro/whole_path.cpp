#include "whole_path.hpp"

#include "payloads.hpp"

#include <stdexcept>
#include <utility>

namespace headrace::bench {
namespace {

using namespace std::chrono_literals;

/// What a record takes of the clock: 50,000 records a second, 5,000 between two commits.
constexpr Duration record_time = 20us;
/// As many messages as a lane takes from its ring at once.
constexpr std::size_t burst_max = 512;
constexpr std::size_t values_count = 64;

/// The primary keys of one round differ.
std::vector<std::string> make_values(WholePathSettings const& settings) {
    return settings.destination == Destination::milvus
               ? make_documents(settings.keys, settings.record_bytes)
               : make_clicks(values_count, settings.record_bytes);
}

flow::IntakeSettings intake_settings(WholePathSettings const& settings) {
    bool const is_milvus = settings.destination == Destination::milvus;
    return {.route = "clicks",
            .destination_type = is_milvus ? "milvus" : "tecton",
            .topics = {"clicks"},
            .order = settings.order,
            .has_own_key = is_milvus,
            .commit_interval = settings.commit_interval,
            .memory_bytes = 256U << 20,
            .batch_size = is_milvus ? 1000U : 10U,
            .batch_bytes = (is_milvus ? 2U : 1U) << 20,
            .revoke_drain = 5s,
            .stopped_retry = 5s};
}

flow::DeliverySettings delivery_settings(WholePathSettings const& settings) {
    auto const intake = intake_settings(settings);
    return {.order = settings.order,
            .batch_size = intake.batch_size,
            .batch_bytes = intake.batch_bytes,
            .linger = 50ms,
            .backoff = {.initial = 200ms, .max = 30s},
            .blocked_probe = 5s,
            .suspect_after = 20,
            .suspect_time = 600s,
            .seed = 1};
}

}  // namespace

/// One request and its answer.
struct WholePath::Exchange {
    flow::Attempt attempt;
    sinks::EncodedRequest request;
    http::Response response;
};

/// The dialect as delivery sees it; the exchanges are the path's own.
class WholePath::DialectSink final : public flow::Sink {
  public:
    explicit DialectSink(Destination destination) : dialect(make_dialect(destination)) {}

    [[nodiscard]] flow::RequestShape shape() const override { return dialect->shape(); }
    [[nodiscard]] flow::Placement place(flow::Record const& record) override {
        return dialect->place(record);
    }
    [[nodiscard]] bool is_ready(flow::TargetId target) const override {
        return dialect->is_ready(target);
    }
    [[nodiscard]] std::variant<flow::Inspection, flow::Refusal> inspect(
        flow::Record const& record, flow::TargetId target) override {
        return dialect->inspect(record, target);
    }
    [[nodiscard]] std::string target_name(flow::TargetId target) const override {
        return dialect->target_name(target);
    }
    [[nodiscard]] flow::TargetNames names_of(flow::TargetId target) const override {
        return dialect->names_of(target);
    }
    void collapse(std::span<flow::Record const> records,
                  std::vector<std::uint32_t>& effective) override {
        dialect->collapse(records, effective);
    }
    [[nodiscard]] boost::asio::awaitable<flow::Judgement> prepare(flow::TargetId) override {
        throw std::logic_error("the path asks the dialect itself");
    }
    [[nodiscard]] boost::asio::awaitable<flow::Judgement> write(
        std::span<flow::Record const>, std::span<std::uint32_t const>) override {
        throw std::logic_error("the path asks the dialect itself");
    }
    [[nodiscard]] std::size_t held_bytes() const noexcept override { return 0; }

    std::unique_ptr<sinks::Dialect> dialect;
};

WholePath::WholePath(WholePathSettings settings)
    : settings_(settings),
      source_(make_keys(settings.keys), make_values(settings), 4),
      gate_({.is_adaptive = false,
             .concurrency_max = static_cast<std::uint32_t>(settings.requests_max),
             .probe = 1s,
             .blocked_probe = 5s},
            clock_.wall()),
      sink_(std::make_unique<DialectSink>(settings.destination)) {
    auto const report = [this](flow::Severity severity, std::string_view kind,
                               std::string const& message) {
        if (severity >= flow::Severity::warning) trouble_ = std::string(kind) + ": " + message;
    };
    delivery_ = std::make_unique<flow::Delivery>(delivery_settings(settings), *sink_, gate_, stats_,
                                                 report);
    intake_ = std::make_unique<flow::Intake>(
        intake_settings(settings), source_, nullptr, gate_,
        std::vector<flow::LaneHandle>{
            {&link_, &stats_, [] {}, [] { return std::size_t{4} << 20; }}},
        report);
}

WholePath::~WholePath() = default;

std::uint64_t WholePath::written() const {
    return intake_->snapshot(clock_.now(), clock_.wall()).written;
}

void WholePath::run(std::uint64_t records) {
    auto const until = settled_ + records;
    source_.allow(records);
    while (settled_ < until) {
        turn();
    }
    // The last outcomes.
    std::ignore = intake_->step(clock_.now(), clock_.wall());
}

/// What the consumer thread and the lane do between two looks at each other.
void WholePath::turn() {
    std::ignore = intake_->step(clock_.now(), clock_.wall());
    std::size_t taken = 0;
    flow::Delivery::Now const now{clock_.now(), clock_.wall()};
    while (taken < burst_max) {
        auto message = link_.inbound.try_pop();
        if (!message) break;
        delivery_->handle(std::move(*message), now);
        ++taken;
    }
    clock_.advance(record_time * static_cast<Duration::rep>(taken));
    // The end of the run is no steady state: its last batch would wait for others.
    if (taken == 0) clock_.advance(60ms);
    flow::Delivery::Now const later{clock_.now(), clock_.wall()};
    send(later);
    while (!in_flight_.empty()) {
        answer(later);
        send(later);
        hand_back();
    }
}

void WholePath::send(flow::Delivery::Now now) {
    while (auto attempt = delivery_->next(now)) {
        if (idle_.empty()) idle_.push_back(std::make_unique<Exchange>());
        auto exchange = std::move(idle_.back());
        idle_.pop_back();
        exchange->attempt = *attempt;
        auto& dialect = *sink_->dialect;
        if (attempt->batch == nullptr) {
            std::ignore = dialect.encode_preparation(attempt->target, exchange->request);
        } else {
            dialect.encode(attempt->records, attempt->effective, exchange->request);
            ++requests_;
        }
        in_flight_.push_back(std::move(exchange));
    }
}

/// Says yes to the oldest request.
void WholePath::answer(flow::Delivery::Now now) {
    auto exchange = std::move(in_flight_.front());
    in_flight_.erase(in_flight_.begin());
    auto& dialect = *sink_->dialect;
    flow::Judgement judgement;
    if (exchange->attempt.batch == nullptr) {
        say_schema(exchange->response);
        judgement = dialect.judge_preparation(exchange->attempt.target, exchange->response);
    } else {
        say_yes(settings_.destination, exchange->request.records, exchange->response);
        judgement = dialect.judge(exchange->request, exchange->response);
    }
    delivery_->finish(exchange->attempt, std::move(judgement), 1ms, now);
    exchange->request.clear();
    idle_.push_back(std::move(exchange));
}

void WholePath::hand_back() {
    auto& outcomes = delivery_->outcomes();
    for (auto& outcome : outcomes) {
        if (outcome.fate != flow::Fate::written) trouble_ = "a record was not written";
        ++settled_;
        if (!link_.outbound.try_push(std::move(outcome))) trouble_ = "the outbound ring is full";
    }
    outcomes.clear();
}

}  // namespace headrace::bench
