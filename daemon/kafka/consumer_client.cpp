#include "kafka/consumer_client.hpp"

#include <cstdint>
#include <utility>

namespace headrace::kafka {
namespace {

void signal_to(rd_kafka_queue_t* queue, int descriptor) {
    std::uint64_t const one = 1;
    rd_kafka_queue_io_event_enable(queue, descriptor, &one, sizeof one);
}

/// Stops the queue's signals and lets go of it.
void release_queue(Handle<rd_kafka_queue_t> queue) noexcept {
    if (queue != nullptr) rd_kafka_queue_io_event_enable(queue.get(), -1, nullptr, 0);
}

}  // namespace

Result<std::unique_ptr<ConsumerClient>> ConsumerClient::make(Handle<rd_kafka_conf_t> conf,
                                                             int wake_descriptor) {
    auto joins = std::make_shared<JoinWatch>();
    JoinWatch::attach(conf.get(), *joins);
    auto client = make_client(RD_KAFKA_CONSUMER, std::move(conf));
    if (!client) return client.error();
    return std::unique_ptr<ConsumerClient>(
        new ConsumerClient(std::move(joins), std::move(*client), wake_descriptor));
}

ConsumerClient::ConsumerClient(std::shared_ptr<JoinWatch> joins, Handle<rd_kafka_t> client,
                               int wake_descriptor)
    : joins_(std::move(joins)), client_(std::move(client)), wake_descriptor_(wake_descriptor) {
    // Errors and logs come by the consumer queue, too.
    rd_kafka_poll_set_consumer(client_.get());
    queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
    rd_kafka_set_log_queue(client_.get(), queue_.get());
    signal_to(queue_.get(), wake_descriptor_);
    records_.reset(rd_kafka_queue_new(client_.get()));
    signal_to(records_.get(), wake_descriptor_);
}

ConsumerClient::~ConsumerClient() {
    destroy(std::chrono::milliseconds{0});
}

Result<void> ConsumerClient::subscribe(std::vector<std::string> const& topics) {
    Handle<rd_kafka_topic_partition_list_t> const list{
        rd_kafka_topic_partition_list_new(static_cast<int>(topics.size()))};
    for (auto const& topic : topics) {
        rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
    }
    auto const code = rd_kafka_subscribe(client_.get(), list.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return to_error(code, "subscribing to source.topics");
    return {};
}

void ConsumerClient::collect(std::string const& topic, std::int32_t partition) const {
    Handle<rd_kafka_queue_t> const queue{
        rd_kafka_queue_get_partition(client_.get(), topic.c_str(), partition)};
    rd_kafka_queue_forward(queue.get(), records_.get());
}

bool ConsumerClient::destroy(std::chrono::milliseconds limit) {
    if (!is_destroyed_) {
        is_destroyed_ = true;
        release_queue(std::move(queue_));
        release_queue(std::move(records_));
    }
    auto* const client = client_.release();
    return side_.finish(
        [client, joins = joins_] {
            if (client != nullptr) {
                rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
            }
        },
        limit);
}

}  // namespace headrace::kafka
