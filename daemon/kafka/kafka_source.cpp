#include "kafka/kafka_source.hpp"

#include "kafka/answer_box.hpp"
#include "kafka/client_config.hpp"
#include "kafka/cluster_watch.hpp"
#include "kafka/commit_ledger.hpp"
#include "kafka/consumer_client.hpp"
#include "kafka/event_sorting.hpp"
#include "kafka/fetch_plan.hpp"
#include "kafka/group_membership.hpp"
#include "kafka/inquiry.hpp"
#include "kafka/look_ups.hpp"
#include "kafka/partition_reader.hpp"
#include "kafka/slot_table.hpp"
#include "kafka/trouble.hpp"
#include "kafka/wake_signal.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace headrace::kafka {
namespace {

using namespace std::chrono_literals;

constexpr auto sizing_timeout = 3s;
constexpr auto remake_pause = 10s;
constexpr auto wait_max = 1s;
constexpr unsigned events_per_serve_max = 1000;
constexpr auto refused_metadata = RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE;

/// What is left until `deadline`, rounded up.
std::chrono::milliseconds left(TimePoint deadline, Clock const& clock) {
    return std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.now()));
}

}  // namespace

struct KafkaSource::Impl {
    enum class Phase {
        idle,     ///< start() was not called.
        sizing,   ///< The side thread counts brokers, for the fetch limits.
        running,  ///< There is a client.
        cooling,  ///< The client broke for good; a new one is made when remake_at has passed.
        closed,   ///< close() was called.
    };

    Impl(SourceSettings given, Clock const& time, LogSink sink)
        : settings(std::move(given)),
          clock(time),
          log(std::move(sink)),
          redact(settings.properties),
          answers(make_answers()),
          troubles(clock),
          watch({settings, clock, troubles, slots}) {}
    std::shared_ptr<AnswerBox> make_answers() {
        return std::make_shared<AnswerBox>([this] { signal.wake(); });
    }

    Result<void> start();
    void forget_membership();
    [[nodiscard]] FetchPlan plan() const {
        return plan_fetches({.prefetch_bytes = settings.prefetch_bytes,
                             .brokers = brokers,
                             .message_bytes_max = settings.message_bytes_max});
    }
    void make_client();
    void break_client(Error error, flow::SourceListener& listener);
    bool serve_event(flow::SourceListener& listener);
    void serve_client(flow::SourceListener& listener);
    void dispatch(rd_kafka_event_t* event, flow::SourceListener& listener);
    void on_committed(rd_kafka_event_t* event, flow::SourceListener& listener);
    void on_error(rd_kafka_event_t* event);
    void on_log(rd_kafka_event_t* event);
    void note(rd_kafka_resp_err_t code, std::string_view text);
    void act_on_notes(flow::SourceListener& listener);
    void restart_topic(std::string const& topic);
    void write_log(LogLevel level, std::string_view text) const {
        if (log) log(level, redact(text));
    }
    bool close(TimePoint deadline);
    void drain_closing();

    SourceSettings settings;
    Clock const& clock;
    LogSink log;
    Redactor redact;
    WakeSignal signal;
    std::shared_ptr<AnswerBox> answers;
    Troubles troubles;
    SlotTable slots;
    CommitLedger ledger;
    Phase phase = Phase::idle;
    std::size_t brokers = brokers_assumed;
    TimePoint remake_at{};
    ClusterWatch watch;
    ReadNotes notes;
    std::optional<Error> broken;  ///< serve() acts on it when no event is open.
    std::unique_ptr<SideThread> sizing;
    std::unique_ptr<ConsumerClient> client;
    std::optional<PartitionReader> reader;
    std::unique_ptr<GroupMembership> group;
};

Result<void> KafkaSource::Impl::start() {
    if (signal.descriptor() == -1) {
        return Error{ErrorCode::io, "no eventfd left: raise the limit of open files (ulimit -n)"};
    }
    if (auto conf = consumer_conf(settings, plan()); !conf) return conf.error();
    if (phase == Phase::closed) forget_membership();
    // The first client also shows whether the properties fit together and TLS files can be read.
    auto inquiry = Inquiry::make(settings);
    if (!inquiry) return inquiry.error();
    phase = Phase::sizing;
    sizing = std::make_unique<SideThread>();
    sizing->post([this, box = answers,
                  asked = std::shared_ptr<Inquiry>(std::move(*inquiry))](SideThread::Inside&) {
        auto count = look_up_brokers(asked->client(), sizing_timeout);
        if (!count) count = asked->explain(count.error());
        // It runs on the consumer thread, and only while this object lives.
        box->post([this, count](auto&) {
            if (count) brokers = *count;
            if (!count) troubles.report(TroubleKind::connection, count.error());
            sizing.reset();  // Its thread ends by itself.
            if (phase == Phase::sizing) make_client();
        });
    });
    return {};
}

/// After close(): nothing of the old client is left but the origins, which records may still name.
void KafkaSource::Impl::forget_membership() {
    phase = Phase::idle;
    answers = make_answers();
    troubles.forget();
    ledger = CommitLedger();
    notes = {};
    broken.reset();
    client.reset();
    watch.forget();
}

void KafkaSource::Impl::make_client() {
    auto conf = consumer_conf(settings, plan());
    auto made = conf ? ConsumerClient::make(std::move(*conf), signal.descriptor())
                     : Result<std::unique_ptr<ConsumerClient>>{conf.error()};
    auto subscribed = made ? (*made)->subscribe(settings.topics) : Result<void>{made.error()};
    if (!subscribed) {
        troubles.report(TroubleKind::client,
                        {subscribed.error().code, redact(subscribed.error().message)});
        phase = Phase::cooling;
        remake_at = clock.now() + remake_pause;
        return;
    }
    client = std::move(*made);
    reader.emplace(PartitionReader::Parts{.client = client->get(),
                                          .records = client->records(),
                                          .slots = slots,
                                          .notes = notes,
                                          .held_bytes_max = plan().held_bytes});
    group = std::make_unique<GroupMembership>(
        GroupMembership::Parts{*client, slots, troubles, answers, settings, clock});
    phase = Phase::running;
}

void KafkaSource::Impl::break_client(Error error, flow::SourceListener& listener) {
    group->lose_all(listener);
    ledger.answer_all(error);
    troubles.report(TroubleKind::client, std::move(error));
    group.reset();
    reader.reset();
    client.reset();
    phase = Phase::cooling;
    remake_at = clock.now();
    if (!watch.end_client()) remake_at += remake_pause;
}

void KafkaSource::Impl::serve_client(flow::SourceListener& listener) {
    if (phase == Phase::cooling && clock.now() >= remake_at) make_client();
    if (phase != Phase::running) return;
    reader->begin_turn();
    unsigned served = 0;
    while (!broken && served != events_per_serve_max && serve_event(listener))
        ++served;
    if (broken) return break_client(*std::exchange(broken, std::nullopt), listener);
    // More may be there, and the queue signals only what comes when it is empty.
    if (served == events_per_serve_max) signal.wake();
    group->serve(listener);
    auto found = watch.serve(*client, answers);
    for (auto const& line : found.lines)
        write_log(LogLevel::debug, line);
    for (auto const& topic : found.remade_topics)
        restart_topic(topic);
    if (found.is_blind)
        broken = Error{ErrorCode::kafka,
                       "the client does not see a topic that exists again; joining the group anew"};
}

bool KafkaSource::Impl::serve_event(flow::SourceListener& listener) {
    Handle<rd_kafka_event_t> const event{rd_kafka_queue_poll(client->queue(), 0)};
    if (event == nullptr) return false;
    dispatch(event.get(), listener);
    return true;
}

void KafkaSource::Impl::dispatch(rd_kafka_event_t* event, flow::SourceListener& listener) {
    switch (rd_kafka_event_type(event)) {
        case RD_KAFKA_EVENT_REBALANCE:
            troubles.clear(TroubleKind::group);
            troubles.clear(TroubleKind::client);
            watch.on_rebalance();
            return group->on_rebalance(event, listener);
        case RD_KAFKA_EVENT_OFFSET_COMMIT:
            return on_committed(event, listener);
        case RD_KAFKA_EVENT_ERROR:
            return on_error(event);
        case RD_KAFKA_EVENT_LOG:
            return on_log(event);
        case RD_KAFKA_EVENT_FETCH:
            // Cannot be while every partition is collected apart; going on would lose these
            // records.
            broken =
                Error{ErrorCode::kafka, "records came by the wrong queue; joining the group anew"};
            return;
        default:
            return;
    }
}

void KafkaSource::Impl::on_committed(rd_kafka_event_t* event, flow::SourceListener& listener) {
    auto code = rd_kafka_event_error(event);
    auto const* const list = rd_kafka_event_topic_partition_list(event);
    // Metadata that is too large is refused partition by partition, and its remedy is the caller's.
    for (int i = 0; list != nullptr && i != list->cnt; ++i) {
        auto const own = list->elems[i].err;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR || own == refused_metadata) code = own;
    }
    Result<void> result;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) result = to_error(code, "committing offsets");
    auto const number = reinterpret_cast<std::uintptr_t>(rd_kafka_event_opaque(event));
    if (number == 0) return group->on_first_commit(result, listener);
    ledger.answer(number, std::move(result));
}

void KafkaSource::Impl::on_error(rd_kafka_event_t* event) {
    auto const code = rd_kafka_event_error(event);
    std::string_view const text = rd_kafka_event_error_string(event);
    if (rd_kafka_event_error_is_fatal(event) != 0) {
        broken = to_error(code, "the group's member broke and joins anew", redact(text));
        return;
    }
    note(code, text);
}

void KafkaSource::Impl::note(rd_kafka_resp_err_t code, std::string_view text) {
    // librdkafka does not always say when the last broker is gone: it is tried.
    watch.hear(code, redact(text));
    auto const kind = trouble_of(code);
    if (!kind) return;
    troubles.report(*kind, *kind == TroubleKind::connection
                               ? watch.cause()
                               : to_error(code, "Kafka source", redact(text)));
    watch.check_later();
}

void KafkaSource::Impl::on_log(rd_kafka_event_t* event) {
    char const* facility = nullptr;
    char const* text = nullptr;
    int level = 0;
    if (rd_kafka_event_log(event, &facility, &text, &level) != 0) return;
    if (!is_noise(text)) write_log(log_level_of(level), std::string(facility) + ": " + text);
}

void KafkaSource::Impl::act_on_notes(flow::SourceListener& listener) {
    for (auto const& fault : std::exchange(notes.faults, {})) {
        note(fault.code, fault.origin->topic + ": " + fault.text);
        // librdkafka fetches this partition no more until it is assigned again.
        if (fault.code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
            broken = to_error(fault.code, fault.origin->topic, fault.text);
        } else if (!trouble_of(fault.code)) {
            write_log(LogLevel::warning, fault.origin->topic + ": " + fault.text);
        }
    }
    for (auto const& expiry : std::exchange(notes.expiries, {})) {
        listener.on_expired(*expiry.origin, expiry.range.from, expiry.range.to);
    }
}

void KafkaSource::Impl::restart_topic(std::string const& topic) {
    for (auto const slot : slots.all()) {
        if (slots.state(slot)->origin->topic == topic) reader->restart(slot);
    }
    signal.wake();
}

bool KafkaSource::Impl::close(TimePoint deadline) {
    answers->close();
    bool const was_running = phase == Phase::running;
    phase = Phase::closed;
    if (sizing != nullptr) sizing->finish(nullptr, 0ms);
    if (!was_running) return true;
    client->side().cancel();
    Handle<rd_kafka_error_t> const refused{
        rd_kafka_consumer_close_queue(client->get(), client->queue())};
    // From here on librdkafka takes every assignment for an unassignment.
    group->abandon();
    while (refused == nullptr && rd_kafka_consumer_closed(client->get()) == 0) {
        drain_closing();
        auto const rest = left(deadline, clock);
        if (rest == 0ms || rd_kafka_consumer_closed(client->get()) != 0) break;
        signal.wait(std::min<std::chrono::milliseconds>(rest, 50ms));
    }
    bool const has_left = rd_kafka_consumer_closed(client->get()) != 0;
    group.reset();
    reader.reset();
    return client->destroy(left(deadline, clock)) && has_left;
}

void KafkaSource::Impl::drain_closing() {
    while (Handle<rd_kafka_event_t> const event{rd_kafka_queue_poll(client->queue(), 0)}) {
        auto const type = rd_kafka_event_type(event.get());
        if (type == RD_KAFKA_EVENT_REBALANCE) rd_kafka_assign(client->get(), nullptr);
        if (type == RD_KAFKA_EVENT_LOG) on_log(event.get());
    }
}

KafkaSource::KafkaSource(SourceSettings settings, Clock const& clock, LogSink log)
    : impl_(std::make_unique<Impl>(std::move(settings), clock, std::move(log))) {}

KafkaSource::~KafkaSource() {
    if (impl_->phase != Impl::Phase::closed) std::ignore = impl_->close(TimePoint{});
}

Result<void> KafkaSource::start() {
    return impl_->start();
}

void KafkaSource::serve(flow::SourceListener& listener) {
    if (impl_->phase == Impl::Phase::closed) return;
    impl_->answers->run(listener);
    impl_->act_on_notes(listener);
    impl_->serve_client(listener);
    impl_->ledger.tell(listener);
    impl_->troubles.tell(listener);
}

std::size_t KafkaSource::read(flow::Slot slot, std::size_t max, std::vector<flow::Record>& out) {
    if (!impl_->reader) return 0;
    auto const count = impl_->reader->read(slot, max, out);
    if (!impl_->notes.empty()) impl_->signal.wake();
    return count;
}

void KafkaSource::hold(flow::Slot slot, bool is_held) {
    if (impl_->slots.state(slot) != nullptr) impl_->reader->hold(slot, is_held);
}

std::optional<flow::Offset> KafkaSource::position(flow::Slot slot) const {
    auto const* const state = std::as_const(impl_->slots).state(slot);
    return state == nullptr ? std::nullopt
                            : std::optional{position_of(impl_->client->get(), *state)};
}

bool KafkaSource::may_commit() const {
    return impl_->phase != Impl::Phase::running ||
           !impl_->client->joins().is_joining(impl_->clock.now());
}

void KafkaSource::commit(std::span<flow::CommitPoint const> points) {
    if (points.empty()) return;
    auto const number = impl_->ledger.open(points);
    if (impl_->phase != Impl::Phase::running) {
        impl_->ledger.answer(
            number, Error{ErrorCode::kafka, "committing offsets: not a member of the group"});
        return impl_->signal.wake();
    }
    std::vector<StartPosition> positions;
    for (auto const& point : points) {
        positions.push_back({{point.origin->topic, point.origin->partition},
                             std::nullopt,
                             point.offset,
                             point.metadata});
    }
    auto const list = make_list(positions);
    auto const code =
        rd_kafka_commit_queue(impl_->client->get(), list.get(), impl_->client->queue(), nullptr,
                              reinterpret_cast<void*>(number));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        impl_->ledger.answer(number, to_error(code, "committing offsets"));
        impl_->signal.wake();
    }
}

void KafkaSource::release(std::span<flow::Slot const> slots) {
    if (impl_->group != nullptr) impl_->group->release(slots);
}

flow::PartitionEnd KafkaSource::end(flow::Slot slot) const {
    auto const* const state = std::as_const(impl_->slots).state(slot);
    if (state == nullptr) return {};
    return end_of(impl_->client->get(), *state);
}

Result<void> KafkaSource::check() const {
    if (auto conf = consumer_conf(impl_->settings, impl_->plan()); !conf) return conf.error();
    if (auto inquiry = Inquiry::make(impl_->settings); !inquiry) return inquiry.error();
    return {};
}

bool KafkaSource::close(TimePoint deadline) {
    return impl_->phase == Impl::Phase::closed || impl_->close(deadline);
}

void KafkaSource::wait(TimePoint until) {
    impl_->signal.wait(std::min<std::chrono::milliseconds>(left(until, impl_->clock), wait_max));
}

void KafkaSource::wake() noexcept {
    impl_->signal.wake();
}

std::size_t KafkaSource::prefetch_bytes_max() const noexcept {
    return impl_->settings.prefetch_bytes;
}

std::size_t KafkaSource::prefetched_bytes() const {
    return impl_->reader ? impl_->reader->prefetched_bytes() : 0;
}

}  // namespace headrace::kafka
