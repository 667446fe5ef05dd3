#include "kafka/kafka_dead_letters.hpp"

#include "kafka/client_config.hpp"
#include "kafka/dead_letter_headers.hpp"
#include "kafka/message_record.hpp"
#include "kafka/outgoing.hpp"
#include "kafka/properties.hpp"
#include "kafka/side_thread.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>
#include <vector>

namespace headrace::kafka {
namespace {

using namespace std::chrono_literals;

constexpr auto remake_pause = 1s;

std::vector<flow::Header> views(std::vector<OwnedHeader> const& headers) {
    std::vector<flow::Header> out;
    for (auto const& header : headers) {
        auto const value =
            header.value ? std::optional<std::string_view>{*header.value} : std::nullopt;
        out.push_back({header.name, value});
    }
    return out;
}

std::vector<OwnedHeader> copies(rd_kafka_message_t const* message) {
    std::vector<flow::Header> seen;
    append_headers(message, seen);
    std::vector<OwnedHeader> out;
    for (auto const& header : seen) {
        auto value = header.value ? std::optional{std::string(*header.value)} : std::nullopt;
        out.push_back({std::string(header.name), std::move(value)});
    }
    return out;
}

/// What a delivery report still has of its record; the key and value are views into it.
OutgoingRecord outgoing(rd_kafka_message_t const* message, std::int64_t timestamp_ms) {
    auto const view = [](void const* bytes, std::size_t size) -> std::optional<std::string_view> {
        if (bytes == nullptr) return std::nullopt;
        return std::string_view{static_cast<char const*>(bytes), size};
    };
    return {.topic = rd_kafka_topic_name(message->rkt),
            .partition = std::nullopt,
            .key = view(message->key, message->key_len),
            .value = view(message->payload, message->len),
            .timestamp_ms = timestamp_ms,
            .headers = {}};
}

std::string property(rd_kafka_conf_t const* conf, char const* name) {
    std::array<char, 64> value{};
    auto size = value.size();
    if (rd_kafka_conf_get(conf, name, value.data(), &size) != RD_KAFKA_CONF_OK) return "?";
    return value.data();
}

bool is_too_large(rd_kafka_resp_err_t code) noexcept {
    return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
           code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE;
}

}  // namespace

struct KafkaDeadLetters::Impl {
    struct Pending {
        std::uint64_t token = 0;
        std::int64_t timestamp_ms = 0;  ///< A failed delivery report has it no more.
        bool is_shortened = false;
    };

    Impl(DeadLetterSettings given, Parts collaborators)
        : settings(std::move(given)),
          parts(std::move(collaborators)),
          redact(settings.properties) {}
    ~Impl() { let_go(0ms); }

    Result<void> make_client();
    void let_go(std::chrono::milliseconds limit);
    void break_client(Error const& error);
    Result<void> ready();
    rd_kafka_resp_err_t hand(OutgoingRecord const& record, std::uint64_t token, bool is_shortened);
    rd_kafka_resp_err_t hand_short(OutgoingRecord record, std::vector<OwnedHeader> headers,
                                   std::uint64_t token);
    bool serve_one(std::chrono::milliseconds limit);
    void dispatch(rd_kafka_event_t* event);
    void on_report(rd_kafka_message_t const* message);
    void on_error(rd_kafka_event_t* event);
    void on_log(rd_kafka_event_t* event) const;
    [[nodiscard]] Error failure(rd_kafka_resp_err_t code, std::size_t value_bytes) const;
    [[nodiscard]] std::string label() const { return "dead-letter topic " + settings.topic; }

    DeadLetterSettings settings;
    Parts parts;
    Redactor redact;
    std::string timeout_ms;
    std::unique_ptr<SideThread> side;  ///< Only destroys the client.
    Handle<rd_kafka_t> client;
    Handle<rd_kafka_queue_t> queue;
    TimePoint remake_at{};
    std::unordered_map<std::uintptr_t, Pending> pending;
    std::uintptr_t last_id = 0;
    std::vector<std::pair<std::uint64_t, Result<void>>> answers;  ///< Not told yet.
    std::optional<Error> broken;  ///< Acted on when the event that said so is gone.
    bool is_closed = false;
};

Result<void> KafkaDeadLetters::Impl::make_client() {
    auto conf = dead_letter_conf(settings);
    if (!conf) return conf.error();
    timeout_ms = property(conf->get(), "message.timeout.ms");
    auto made = kafka::make_client(RD_KAFKA_PRODUCER, std::move(*conf));
    if (!made) return Error{made.error().code, redact(made.error().message)};
    client = std::move(*made);
    side = std::make_unique<SideThread>();
    queue.reset(rd_kafka_queue_get_main(client.get()));
    rd_kafka_set_log_queue(client.get(), queue.get());
    if (parts.wake) {
        rd_kafka_queue_cb_event_enable(
            queue.get(),
            [](rd_kafka_t*, void* wake) { (*static_cast<std::function<void()>*>(wake))(); },
            &parts.wake);
    }
    return {};
}

void KafkaDeadLetters::Impl::let_go(std::chrono::milliseconds limit) {
    if (client == nullptr) return;
    rd_kafka_queue_cb_event_enable(queue.get(), nullptr, nullptr);
    queue.reset();
    rd_kafka_purge(client.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    side->finish([raw = client.release()] { rd_kafka_destroy(raw); }, limit);
    side.reset();
}

void KafkaDeadLetters::Impl::break_client(Error const& error) {
    if (parts.log) parts.log(LogLevel::error, error.message);
    let_go(0ms);
    for (auto const& [id, entry] : pending)
        answers.emplace_back(entry.token, error);
    pending.clear();
    remake_at = parts.clock.now() + remake_pause;
}

Result<void> KafkaDeadLetters::Impl::ready() {
    if (client != nullptr) return {};
    if (is_closed) return Error{ErrorCode::kafka, label() + ": closed"};
    if (parts.clock.now() < remake_at) {
        return Error{ErrorCode::kafka,
                     label() + ": its producer broke and is made anew in a moment"};
    }
    return make_client();
}

rd_kafka_resp_err_t KafkaDeadLetters::Impl::hand(OutgoingRecord const& record, std::uint64_t token,
                                                 bool is_shortened) {
    auto const id = ++last_id;
    auto const code = hand_over(client.get(), record, reinterpret_cast<void*>(id));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        pending.emplace(id, Pending{token, record.timestamp_ms, is_shortened});
    return code;
}

rd_kafka_resp_err_t KafkaDeadLetters::Impl::hand_short(OutgoingRecord record,
                                                       std::vector<OwnedHeader> headers,
                                                       std::uint64_t token) {
    shorten_messages(headers, dead_letter_message_bytes_short);
    record.headers = views(headers);
    return hand(record, token, true);
}

/// Waits for one event; false if none came or there is no client.
bool KafkaDeadLetters::Impl::serve_one(std::chrono::milliseconds limit) {
    if (client == nullptr) return false;
    {
        Handle<rd_kafka_event_t> const event{
            rd_kafka_queue_poll(queue.get(), static_cast<int>(limit.count()))};
        if (event == nullptr) return false;
        dispatch(event.get());
    }
    if (broken) break_client(*std::exchange(broken, std::nullopt));
    return true;
}

void KafkaDeadLetters::Impl::dispatch(rd_kafka_event_t* event) {
    switch (rd_kafka_event_type(event)) {
        case RD_KAFKA_EVENT_DR:
            while (auto const* const message = rd_kafka_event_message_next(event))
                on_report(message);
            return;
        case RD_KAFKA_EVENT_ERROR:
            return on_error(event);
        case RD_KAFKA_EVENT_LOG:
            return on_log(event);
        default:
            return;
    }
}

void KafkaDeadLetters::Impl::on_report(rd_kafka_message_t const* message) {
    auto const found = pending.find(reinterpret_cast<std::uintptr_t>(message->_private));
    if (found == pending.end()) return;
    auto const entry = found->second;
    pending.erase(found);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        answers.emplace_back(entry.token, Result<void>{});
        return;
    }
    if (is_too_large(message->err) && !entry.is_shortened) {
        if (hand_short(outgoing(message, entry.timestamp_ms), copies(message), entry.token) ==
            RD_KAFKA_RESP_ERR_NO_ERROR)
            return;
    }
    answers.emplace_back(entry.token, failure(message->err, message->len));
}

void KafkaDeadLetters::Impl::on_error(rd_kafka_event_t* event) {
    auto const code = rd_kafka_event_error(event);
    auto const text = redact(rd_kafka_event_error_string(event));
    if (rd_kafka_event_error_is_fatal(event) != 0) {
        broken = to_error(code, label() + ": its producer broke and is made anew", text);
        return;
    }
    if (parts.log) parts.log(LogLevel::warning, label() + ": " + text);
}

void KafkaDeadLetters::Impl::on_log(rd_kafka_event_t* event) const {
    char const* facility = nullptr;
    char const* text = nullptr;
    int level = 0;
    if (!parts.log || rd_kafka_event_log(event, &facility, &text, &level) != 0) return;
    if (!is_noise(text))
        parts.log(log_level_of(level), redact(std::string(facility) + ": " + text));
}

Error KafkaDeadLetters::Impl::failure(rd_kafka_resp_err_t code, std::size_t value_bytes) const {
    if (is_too_large(code)) {
        return Error{
            ErrorCode::too_large,
            label() + ": a dead letter with a value of " + std::to_string(value_bytes) +
                " bytes and its headers is too large for it: raise the topic's max.message.bytes"};
    }
    if (code == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT) {
        return Error{ErrorCode::timeout,
                     label() + ": not acknowledged within message.timeout.ms (" + timeout_ms +
                         "): check that its brokers and in-sync replicas are up"};
    }
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        return Error{ErrorCode::timeout,
                     label() + ": " + std::to_string(pending.size()) +
                         " dead letters wait for acknowledgement, more must wait "
                         "(queue.buffering.max.messages, queue.buffering.max.kbytes)"};
    }
    return to_error(code, label());
}

Result<std::unique_ptr<KafkaDeadLetters>> KafkaDeadLetters::make(DeadLetterSettings settings,
                                                                 Parts parts) {
    if (auto checked = check_properties(settings.properties); !checked) return checked.error();
    auto impl = std::make_unique<Impl>(std::move(settings), std::move(parts));
    if (auto made = impl->make_client(); !made) return made.error();
    return std::unique_ptr<KafkaDeadLetters>(new KafkaDeadLetters(std::move(impl)));
}

KafkaDeadLetters::KafkaDeadLetters(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KafkaDeadLetters::~KafkaDeadLetters() = default;

Result<void> KafkaDeadLetters::produce(flow::Record const& record,
                                       flow::FailureReport const& report, std::uint64_t token) {
    if (auto made = impl_->ready(); !made) return made;
    auto const& settings = impl_->settings;
    auto headers = dead_letter_headers(record, report,
                                       {.route = settings.route,
                                        .destination_type = settings.destination_type,
                                        .version = settings.version},
                                       dead_letter_message_bytes_max);
    OutgoingRecord const letter{.topic = settings.topic,
                                .partition = std::nullopt,
                                .key = record.key,
                                .value = record.value,
                                .timestamp_ms = std::max<std::int64_t>(record.timestamp_ms, 0),
                                .headers = views(headers)};
    auto code = impl_->hand(letter, token, false);
    if (is_too_large(code)) code = impl_->hand_short(letter, std::move(headers), token);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return impl_->failure(code, record.value.value_or("").size());
}

void KafkaDeadLetters::serve(flow::DeadLettersListener& listener) {
    constexpr unsigned events_max = 1000;
    for (unsigned i = 0; i != events_max && impl_->serve_one(0ms); ++i) {
    }
    for (auto const& [token, result] : std::exchange(impl_->answers, {})) {
        if (result) {
            listener.on_acknowledged(token);
        } else {
            listener.on_failed(token, result.error());
        }
    }
}

void KafkaDeadLetters::close(TimePoint deadline) {
    impl_->is_closed = true;
    auto const left = [&] {
        return std::max(
            0ms, std::chrono::ceil<std::chrono::milliseconds>(deadline - impl_->parts.clock.now()));
    };
    while (impl_->client != nullptr && !impl_->pending.empty() && left() > 0ms) {
        impl_->serve_one(std::min<std::chrono::milliseconds>(left(), 50ms));
    }
    impl_->let_go(left());
}

}  // namespace headrace::kafka
