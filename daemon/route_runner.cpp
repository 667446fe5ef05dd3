#include "route_runner.hpp"

#include "base/thread_name.hpp"
#include "flow/intake.hpp"
#include "flow/lane.hpp"
#include "kafka/kafka_dead_letters.hpp"
#include "kafka/kafka_source.hpp"
#include "ops/flow_report.hpp"
#include "sinks/connection_files.hpp"
#include "sinks/registry.hpp"
#include "version.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <thread>

namespace headrace {
namespace {

/// Of the time to drain, so much is kept for the last commit and for leaving the group.
constexpr Duration close_reserve_max = std::chrono::seconds(3);
constexpr int close_reserve_share = 4;

Duration close_reserve(Duration total) {
    return std::min<Duration>(close_reserve_max, total / close_reserve_share);
}

ops::LogLevel level_of(kafka::LogLevel level) {
    switch (level) {
        case kafka::LogLevel::error:
            return ops::LogLevel::error;
        case kafka::LogLevel::warning:
            return ops::LogLevel::warn;
        case kafka::LogLevel::notice:
            return ops::LogLevel::info;
        case kafka::LogLevel::debug:
            break;
    }
    return ops::LogLevel::debug;
}

flow::Order order_of(config::Order order) {
    switch (order) {
        case config::Order::partition:
            return flow::Order::partition;
        case config::Order::none:
            return flow::Order::none;
        case config::Order::key:
            break;
    }
    return flow::Order::key;
}

/// Deletes and upserts of one key keep their order whatever the route says: a delete that overtakes
/// its upsert would leave the row.
flow::Order effective_order(config::Route const& route) {
    auto const order = order_of(route.flow.order);
    bool const deletes = route.requests().on_tombstone == sinks::OnTombstone::delete_row;
    return deletes && order == flow::Order::none ? flow::Order::key : order;
}

flow::GateSettings gate_settings(config::Flow const& flow) {
    return {.is_adaptive = flow.concurrency.is_auto,
            .concurrency_max = flow.concurrency.max,
            .probe = flow.retry.probe,
            .blocked_probe = flow.retry.blocked_probe,
            .in_a_row_max = flow.refusals_in_a_row_max,
            .retry_budget_percent = flow.retry.budget_percent,
            .rate = {.requests_per_sec = flow.rate_limit.requests_per_sec,
                     .records_per_sec = flow.rate_limit.records_per_sec,
                     .bytes_per_sec = flow.rate_limit.bytes_per_sec}};
}

flow::DeliverySettings delivery_settings(config::Route const& route, std::uint32_t lane) {
    auto const& flow = route.flow;
    return {.order = effective_order(route),
            .batch_size = flow.batch.batch_size,
            .batch_bytes = flow.batch.bytes,
            .linger = flow.batch.linger,
            .max_retries = flow.retry.max_retries,
            .bury_after_retries = flow.retry.then == config::AfterRetries::dead_letter,
            .backoff = {flow.retry.initial, flow.retry.max},
            .blocked_probe = flow.retry.blocked_probe,
            .suspect_after = flow.retry.suspect_after,
            .suspect_time = flow.retry.suspect_time,
            .buries_suspects = route.dead_letters.has_value(),
            .lane = lane,
            .seed = entropy_seed()};
}

/// The topics but for a regular expression, whose topics are known once they are assigned.
std::vector<std::string> named_topics(config::Route const& route) {
    auto const& topics = route.source.topics;
    return topics.front().starts_with('^') ? std::vector<std::string>{} : topics;
}

flow::IntakeSettings intake_settings(config::Route const& route, config::Limits const& limits,
                                     bool has_own_key) {
    return {.route = route.name,
            .destination_type = std::string(route.destination_type()),
            .topics = named_topics(route),
            .order = effective_order(route),
            .has_own_key = has_own_key,
            .commit_interval = route.flow.commit_interval,
            .uncommitted_records_max = limits.uncommitted_records_max,
            .memory_bytes = route.flow.memory_bytes,
            .batch_size = route.flow.batch.batch_size,
            .batch_bytes = route.flow.batch.bytes,
            .revoke_drain = route.flow.revoke_drain,
            .stopped_retry = route.flow.retry.blocked_probe};
}

}  // namespace

struct RouteRunner::Impl {
    Impl(config::Route const& route, Duration drain, Parts with)
        : name(route.name),
          drain_time(drain.count()),
          parts(std::move(with)),
          report(ops::make_report(parts.paced_log, route.name)),
          source(route.source, parts.clock, kafka_log()),
          files(route.requests()),
          gate(gate_settings(route.flow), parts.clock.wall()) {}

    kafka::LogSink kafka_log() {
        return [this](kafka::LogLevel level, std::string_view line) {
            parts.paced_log.write(level_of(level), name, "librdkafka", line);
        };
    }
    void make_lanes(config::Route const& route);
    void close_lane(std::size_t index, std::function<void()> const& gone);
    void run();
    bool turn_source();
    void close();

    std::string const name;
    std::atomic<Duration::rep> drain_time;
    Parts parts;
    flow::Report report;
    kafka::KafkaSource source;
    std::unique_ptr<kafka::KafkaDeadLetters> dead_letters;
    sinks::ConnectionFiles files;
    flow::Gate gate;
    std::vector<std::unique_ptr<sinks::HttpSink>> sinks;
    std::vector<std::unique_ptr<flow::Lane>> lanes;
    std::unique_ptr<flow::Intake> intake;
    Heartbeat heartbeat;
    std::thread thread;
    std::atomic<std::size_t> lanes_left{0};  ///< To be closed.
    std::atomic<Duration::rep> deadline{0};
    std::atomic<bool> has_ended{false};
    bool was_clean = false;
};

Result<std::unique_ptr<RouteRunner>> RouteRunner::make(config::Route const& route,
                                                       config::Limits const& limits, Parts parts) {
    auto impl = std::make_unique<Impl>(route, limits.drain, std::move(parts));
    auto const prefix = "route " + route.name + ": ";
    if (route.dead_letters) {
        auto settings = *route.dead_letters;
        settings.version = version;
        auto made = kafka::KafkaDeadLetters::make(
            std::move(settings), {.clock = impl->parts.clock,
                                  .log = impl->kafka_log(),
                                  .wake = [raw = impl.get()] { raw->source.wake(); }});
        if (!made) return made.error().with_prefix(prefix);
        impl->dead_letters = std::move(*made);
    }
    impl->make_lanes(route);
    std::vector<flow::LaneHandle> handles;
    for (auto& lane : impl->lanes) {
        handles.push_back({&lane->link(), &lane->stats(), [raw = lane.get()] { raw->notify(); },
                           [raw = lane.get()] { return raw->held_bytes(); }});
    }
    impl->intake = std::make_unique<flow::Intake>(
        intake_settings(route, limits, impl->sinks.front()->shape().has_own_key), impl->source,
        impl->dead_letters.get(), impl->gate, std::move(handles), impl->report);
    return std::unique_ptr<RouteRunner>(new RouteRunner(std::move(impl)));
}

void RouteRunner::Impl::make_lanes(config::Route const& route) {
    for (std::uint32_t i = 0; i < parts.workers.size(); ++i) {
        auto& io = parts.workers[i]->io();
        sinks.push_back(sinks::make_sink(route.destination, io.get_executor(), parts.clock));
        lanes.push_back(std::make_unique<flow::Lane>(
            delivery_settings(route, i),
            flow::Lane::Collaborators{.io = io,
                                      .sink = *sinks.back(),
                                      .gate = gate,
                                      .clock = parts.clock,
                                      .report = report,
                                      .wake_consumer = [this] { source.wake(); }}));
        // A key that stands in the value is not seen by the consumer thread: such a route keeps to
        // one worker.
        if (sinks.back()->shape().has_own_key) return;
    }
}

RouteRunner::RouteRunner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RouteRunner::~RouteRunner() {
    join();
}

Result<void> RouteRunner::check() const {
    auto checked = impl_->source.check();
    if (!checked) return checked.error().with_prefix("route " + impl_->name + ": ");
    return {};
}

void RouteRunner::begin_with(flow::RouteAction action) {
    command(action, [](flow::RouteAnswer const&) {});
}

Result<void> RouteRunner::start() {
    auto started = impl_->source.start();
    if (!started) return started.error().with_prefix("route " + impl_->name + ": ");
    impl_->heartbeat.beat(impl_->parts.clock.now());
    impl_->thread = std::thread([this] { impl_->run(); });
    return {};
}

void RouteRunner::drain(TimePoint deadline) noexcept {
    impl_->deadline.store(deadline.time_since_epoch().count(), std::memory_order_release);
    impl_->intake->drain(deadline - close_reserve(deadline - impl_->parts.clock.now()));
}

void RouteRunner::command(flow::RouteAction action, flow::RouteReply reply) {
    Duration const total{impl_->drain_time.load(std::memory_order_relaxed)};
    auto const limit = total - close_reserve(total);
    impl_->intake->command({action, impl_->parts.clock.now() + limit, std::move(reply)});
}

void RouteRunner::join() {
    if (impl_ && impl_->thread.joinable()) impl_->thread.join();
}

void RouteRunner::retire(std::function<void()> gone) {
    join();
    impl_->lanes_left.store(impl_->lanes.size(), std::memory_order_relaxed);
    for (std::size_t i = 0; i != impl_->lanes.size(); ++i) {
        boost::asio::post(impl_->parts.workers[i]->io(),
                          [raw = impl_.get(), i, gone] { raw->close_lane(i, gone); });
    }
}

/// On the lane's worker, which alone may destroy what its loop uses.
void RouteRunner::Impl::close_lane(std::size_t index, std::function<void()> const& gone) {
    sinks[index]->close();
    lanes[index]->close([this, index, gone] {
        lanes[index].reset();
        sinks[index].reset();
        if (lanes_left.fetch_sub(1, std::memory_order_acq_rel) == 1) gone();
    });
}

void RouteRunner::set_limits(std::size_t memory_bytes, config::Limits const& limits) {
    impl_->drain_time.store(limits.drain.count(), std::memory_order_relaxed);
    impl_->intake->set_limits({memory_bytes, limits.uncommitted_records_max});
}

void RouteRunner::try_again() noexcept {
    impl_->intake->try_again();
    probe_now();
}

void RouteRunner::follow_files() {
    auto const fresh = impl_->files.look();
    if (!fresh) {
        impl_->report(flow::Severity::warning, "connection_files_unusable",
                      fresh.error().message + "; connections go on with those of before");
        return;
    }
    if (*fresh == nullptr) return;
    for (std::size_t i = 0; i != impl_->sinks.size(); ++i) {
        boost::asio::post(
            impl_->parts.workers[i]->io(), [raw = impl_.get(), i, settings = **fresh] {
                auto const renewed = raw->sinks[i]->renew(settings);
                if (renewed) return;
                raw->report(flow::Severity::warning, "connection_files_unusable",
                            renewed.error().message + "; connections go on with those of before");
            });
    }
    impl_->report(flow::Severity::info, "connections_renewed",
                  "the files behind http.tls or http.proxy have changed: new connections use them");
    probe_now();
}

void RouteRunner::probe_now() noexcept {
    impl_->gate.probe_now(impl_->parts.clock.now());
    // A lane may sleep until the probe that was due before.
    for (auto& lane : impl_->lanes) {
        lane->notify();
    }
}

bool RouteRunner::has_ended() const noexcept {
    return impl_->has_ended.load(std::memory_order_acquire);
}

bool RouteRunner::was_clean() const noexcept {
    return impl_->was_clean;
}

std::string const& RouteRunner::name() const noexcept {
    return impl_->name;
}

flow::RouteSnapshot RouteRunner::snapshot() const {
    return impl_->intake->snapshot(impl_->parts.clock.now(), impl_->parts.clock.wall());
}

Heartbeat const& RouteRunner::heartbeat() const noexcept {
    return impl_->heartbeat;
}

void RouteRunner::Impl::run() {
    name_thread("hr:", name);
    auto const& clock = parts.clock;
    while (!intake->is_drained()) {
        auto const now = clock.now();
        heartbeat.beat(now);
        auto const next = intake->step(now, clock.wall());
        if (intake->is_drained()) break;
        if (turn_source()) continue;
        if (next > now && intake->prepare_to_sleep()) source.wait(next);
    }
    close();
    has_ended.store(true, std::memory_order_release);
    parts.on_ended();
}

/// What may wait is done between two turns of the intake, so that nobody who looks at the route
/// waits with it; true if there was anything.
bool RouteRunner::Impl::turn_source() {
    switch (intake->source_call()) {
        case flow::Intake::SourceCall::none:
            return false;
        case flow::Intake::SourceCall::close:
            intake->on_left(
                source.close(parts.clock.now() + close_reserve(Duration{drain_time.load()})));
            return true;
        case flow::Intake::SourceCall::start:
            intake->on_started(source.start());
            return true;
    }
    return false;
}

void RouteRunner::Impl::close() {
    auto const until = TimePoint{Duration{deadline.load(std::memory_order_acquire)}};
    // What lanes handed back since the last step holds Kafka's messages: they go before the
    // consumer does.
    std::ignore = intake->step(parts.clock.now(), parts.clock.wall());
    if (dead_letters) dead_letters->close(until);
    bool const is_closed = source.close(until);
    was_clean = intake->was_clean() && is_closed;
    parts.log.write(
        was_clean ? ops::LogLevel::info : ops::LogLevel::warn, "route_drained",
        was_clean ? "every request that was sent is resolved and the last commit is confirmed"
                  : "limits.drain_secs was not enough: open records will be read and written again",
        {{"route", name}});
}

}  // namespace headrace
