#include "harness/topic_admin.hpp"

#include <librdkafka/rdkafka.h>

#include <stdexcept>

namespace headrace::integration {
namespace {

constexpr int answer_limit_ms = 30'000;

struct Delete {
    void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
    void operator()(rd_kafka_queue_t* handle) const { rd_kafka_queue_destroy(handle); }
    void operator()(rd_kafka_event_t* handle) const { rd_kafka_event_destroy(handle); }
    void operator()(rd_kafka_DeleteTopic_t* handle) const { rd_kafka_DeleteTopic_destroy(handle); }
    void operator()(rd_kafka_NewPartitions_t* handle) const {
        rd_kafka_NewPartitions_destroy(handle);
    }
    void operator()(rd_kafka_DeleteRecords_t* handle) const {
        rd_kafka_DeleteRecords_destroy(handle);
    }
};
template <class T>
using Owned = std::unique_ptr<T, Delete>;

void check(rd_kafka_resp_err_t error, std::string const& what) {
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        throw std::runtime_error(what + ": " + rd_kafka_err2str(error));
}

Owned<rd_kafka_event_t> answer(rd_kafka_queue_t* queue, std::string const& what) {
    Owned<rd_kafka_event_t> event(rd_kafka_queue_poll(queue, answer_limit_ms));
    if (!event) throw std::runtime_error("no answer to " + what);
    check(rd_kafka_event_error(event.get()), what);
    return event;
}

}  // namespace

struct TopicAdmin::Impl {
    Owned<rd_kafka_t> client;
    Owned<rd_kafka_queue_t> queue;
};

TopicAdmin::TopicAdmin(std::string const& bootstrap_servers) : impl_(std::make_unique<Impl>()) {
    auto* const conf = rd_kafka_conf_new();
    char error[256];
    if (rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap_servers.c_str(), error,
                          sizeof error) != RD_KAFKA_CONF_OK)
        throw std::runtime_error(error);
    impl_->client.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error));
    if (!impl_->client) throw std::runtime_error(error);
    impl_->queue.reset(rd_kafka_queue_new(impl_->client.get()));
}
TopicAdmin::~TopicAdmin() = default;

void TopicAdmin::delete_topic(std::string const& name) {
    Owned<rd_kafka_DeleteTopic_t> const topic(rd_kafka_DeleteTopic_new(name.c_str()));
    rd_kafka_DeleteTopic_t* topics[] = {topic.get()};
    rd_kafka_DeleteTopics(impl_->client.get(), topics, 1, nullptr, impl_->queue.get());
    auto const event = answer(impl_->queue.get(), "DeleteTopics");
    std::size_t count = 0;
    auto const* const results = rd_kafka_DeleteTopics_result_topics(
        rd_kafka_event_DeleteTopics_result(event.get()), &count);
    check(rd_kafka_topic_result_error(results[0]), "deleting " + name);
}

void TopicAdmin::grow_topic(std::string const& name, int partitions) {
    char error[256];
    Owned<rd_kafka_NewPartitions_t> const wanted(rd_kafka_NewPartitions_new(
        name.c_str(), static_cast<std::size_t>(partitions), error, sizeof error));
    if (!wanted) throw std::runtime_error(error);
    rd_kafka_NewPartitions_t* all[] = {wanted.get()};
    rd_kafka_CreatePartitions(impl_->client.get(), all, 1, nullptr, impl_->queue.get());
    auto const event = answer(impl_->queue.get(), "CreatePartitions");
    std::size_t count = 0;
    auto const* const results = rd_kafka_CreatePartitions_result_topics(
        rd_kafka_event_CreatePartitions_result(event.get()), &count);
    check(rd_kafka_topic_result_error(results[0]), "growing " + name);
}

void TopicAdmin::delete_records(std::string const& topic, int partition, std::int64_t offset) {
    auto* const list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = offset;
    Owned<rd_kafka_DeleteRecords_t> const wanted(rd_kafka_DeleteRecords_new(list));
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_DeleteRecords_t* all[] = {wanted.get()};
    rd_kafka_DeleteRecords(impl_->client.get(), all, 1, nullptr, impl_->queue.get());
    auto const event = answer(impl_->queue.get(), "DeleteRecords");
    auto const* const results =
        rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event.get()));
    check(results->elems[0].err, "deleting records of " + topic);
}

}  // namespace headrace::integration
