#include "kafka/producer.hpp"

#include "kafka/client_config.hpp"
#include "kafka/outgoing.hpp"

#include <utility>

namespace headrace::kafka {

struct Producer::Impl {
    Handle<rd_kafka_t> client;
    Handle<rd_kafka_queue_t> queue;
    std::uint64_t written = 0;
    std::uint64_t failed = 0;
    std::optional<Error> first_failure;

    void take_reports() {
        while (Handle<rd_kafka_event_t> const event{rd_kafka_queue_poll(queue.get(), 0)}) {
            while (auto const* const message = rd_kafka_event_message_next(event.get())) {
                if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                    ++written;
                    continue;
                }
                ++failed;
                if (!first_failure) first_failure = to_error(message->err, "writing a record");
            }
        }
    }
};

Result<std::unique_ptr<Producer>> Producer::make(
    std::string const& bootstrap_servers, std::map<std::string, std::string> const& properties) {
    auto conf = make_conf({.defaults = {{"linger.ms", "2"}, {"log_level", "3"}},
                           .user = &properties,
                           .rules = {{"bootstrap.servers", bootstrap_servers}}});
    if (!conf) return conf.error();
    rd_kafka_conf_set_events(conf->get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    auto client = make_client(RD_KAFKA_PRODUCER, std::move(*conf));
    if (!client) return client.error();
    auto impl = std::make_unique<Impl>();
    impl->client = std::move(*client);
    impl->queue.reset(rd_kafka_queue_get_main(impl->client.get()));
    return std::unique_ptr<Producer>(new Producer(std::move(impl)));
}

Producer::Producer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Producer::~Producer() {
    rd_kafka_purge(impl_->client.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

Result<void> Producer::produce(OutgoingRecord const& record) {
    impl_->take_reports();
    auto const code = hand_over(impl_->client.get(), record, nullptr);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        return Error{ErrorCode::timeout,
                     "the producer's queue is full: the brokers are slower than the writer"};
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return to_error(code, "writing to topic " + record.topic);
    return {};
}

Result<void> Producer::flush(std::chrono::milliseconds limit) {
    // A record counts as under way until its report was taken, so that one long flush would never
    // end.
    constexpr std::chrono::milliseconds step{10};
    for (auto rest = limit; rest > step && rd_kafka_outq_len(impl_->client.get()) != 0;
         rest -= step) {
        std::ignore = rd_kafka_flush(impl_->client.get(), static_cast<int>(step.count()));
        impl_->take_reports();
    }
    if (auto failure = std::exchange(impl_->first_failure, std::nullopt)) {
        return failure->with_prefix(std::to_string(std::exchange(impl_->failed, 0)) +
                                    " not written; first: ");
    }
    if (int const open = rd_kafka_outq_len(impl_->client.get()); open != 0) {
        return Error{ErrorCode::timeout, std::to_string(open) +
                                             " records were not written within " +
                                             std::to_string(limit.count()) + " ms"};
    }
    return {};
}

std::uint64_t Producer::written() const noexcept {
    return impl_->written;
}

}  // namespace headrace::kafka
