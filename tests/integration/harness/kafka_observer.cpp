#include "harness/kafka_observer.hpp"

#include "harness/await.hpp"

#include <librdkafka/rdkafka.h>

#include <functional>
#include <stdexcept>

namespace headrace::integration {
namespace {

constexpr int answer_limit_ms = 30'000;
constexpr int ask_limit_ms = 5'000;

struct Delete {
    void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
    void operator()(rd_kafka_message_t* handle) const { rd_kafka_message_destroy(handle); }
    void operator()(rd_kafka_NewTopic_t* handle) const { rd_kafka_NewTopic_destroy(handle); }
    void operator()(rd_kafka_queue_t* handle) const { rd_kafka_queue_destroy(handle); }
    void operator()(rd_kafka_event_t* handle) const { rd_kafka_event_destroy(handle); }
    void operator()(rd_kafka_topic_partition_list_t* handle) const {
        rd_kafka_topic_partition_list_destroy(handle);
    }
};
using Client = std::unique_ptr<rd_kafka_t, Delete>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, Delete>;

void check(rd_kafka_resp_err_t error, std::string const& what) {
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        throw std::runtime_error(what + ": " + rd_kafka_err2str(error));
}

/// Asks again while the answer is an error: a broker that has just come back knows no leaders yet.
void ask(std::string const& what, std::function<rd_kafka_resp_err_t()> const& question) {
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    auto const is_answered = [&] {
        error = question();
        return error == RD_KAFKA_RESP_ERR_NO_ERROR;
    };
    if (!await(is_answered)) check(error, what);
}

Client make_client(std::string const& bootstrap_servers, std::string const& group) {
    auto* const conf = rd_kafka_conf_new();
    for (auto const& [name, value] :
         std::map<std::string, std::string>{{"bootstrap.servers", bootstrap_servers},
                                            {"group.id", group},
                                            {"enable.auto.commit", "false"},
                                            {"isolation.level", "read_uncommitted"},
                                            {"enable.partition.eof", "true"},
                                            // The tests read what the client cannot reach.
                                            {"log_level", "2"}}) {
        char error[256];
        if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error, sizeof error) !=
            RD_KAFKA_CONF_OK)
            throw std::runtime_error(error);
    }
    char error[256];
    auto* const client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
    if (client == nullptr) throw std::runtime_error(error);
    return Client(client);
}

Partitions list(std::string const& topic, int partitions) {
    Partitions out(rd_kafka_topic_partition_list_new(partitions));
    for (int i = 0; i != partitions; ++i) {
        rd_kafka_topic_partition_list_add(out.get(), topic.c_str(), i);
    }
    return out;
}

std::optional<std::string> text(void const* bytes, std::size_t size) {
    if (bytes == nullptr) return std::nullopt;
    return std::string(static_cast<char const*>(bytes), size);
}

SeenRecord seen(rd_kafka_message_t const& message) {
    SeenRecord out{.partition = message.partition,
                   .offset = message.offset,
                   .timestamp_ms = rd_kafka_message_timestamp(&message, nullptr),
                   .key = text(message.key, message.key_len),
                   .value = text(message.payload, message.len),
                   .headers = {}};
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return out;
    char const* name = nullptr;
    void const* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
        out.headers[name] = text(value, size).value_or("(null)");
    }
    return out;
}

}  // namespace

std::string SeenRecord::header(std::string const& name) const {
    auto const found = headers.find(name);
    return found == headers.end() ? "(absent)" : found->second;
}

struct KafkaObserver::Impl {
    /// Of that group, whose committed positions it may ask for.
    rd_kafka_t* client(std::string const& group) {
        auto& slot = clients[group];
        if (!slot) slot = make_client(bootstrap_servers, group);
        return slot.get();
    }

    std::string bootstrap_servers;
    std::map<std::string, Client> clients;
};

KafkaObserver::KafkaObserver(std::string const& bootstrap_servers)
    : impl_(std::make_unique<Impl>(Impl{bootstrap_servers, {}})) {}
KafkaObserver::~KafkaObserver() = default;

void KafkaObserver::create_topic(std::string const& name, int partitions,
                                 std::map<std::string, std::string> const& configuration) {
    auto* const client = impl_->client("observer");
    char error[256];
    std::unique_ptr<rd_kafka_NewTopic_t, Delete> const topic(
        rd_kafka_NewTopic_new(name.c_str(), partitions, 1, error, sizeof error));
    for (auto const& [key, value] : configuration) {
        check(rd_kafka_NewTopic_set_config(topic.get(), key.c_str(), value.c_str()), key);
    }
    std::unique_ptr<rd_kafka_queue_t, Delete> const queue(rd_kafka_queue_new(client));
    rd_kafka_NewTopic_t* topics[] = {topic.get()};
    rd_kafka_CreateTopics(client, topics, 1, nullptr, queue.get());
    std::unique_ptr<rd_kafka_event_t, Delete> const event(
        rd_kafka_queue_poll(queue.get(), answer_limit_ms));
    if (!event) throw std::runtime_error("no answer to CreateTopics");
    check(rd_kafka_event_error(event.get()), "CreateTopics");
    std::size_t count = 0;
    auto const* const results = rd_kafka_CreateTopics_result_topics(
        rd_kafka_event_CreateTopics_result(event.get()), &count);
    check(rd_kafka_topic_result_error(results[0]), "creating " + name);
}

std::vector<std::int64_t> KafkaObserver::committed(std::string const& group,
                                                   std::string const& topic, int partitions) {
    auto const positions = list(topic, partitions);
    ask("committed offsets",
        [&] { return rd_kafka_committed(impl_->client(group), positions.get(), ask_limit_ms); });
    std::vector<std::int64_t> out;
    for (int i = 0; i != positions->cnt; ++i) {
        auto const offset = positions->elems[i].offset;
        out.push_back(offset == RD_KAFKA_OFFSET_INVALID ? -1 : offset);
    }
    return out;
}

std::vector<std::string> KafkaObserver::commit_metadata(std::string const& group,
                                                        std::string const& topic, int partitions) {
    auto const positions = list(topic, partitions);
    ask("metadata of commits",
        [&] { return rd_kafka_committed(impl_->client(group), positions.get(), ask_limit_ms); });
    std::vector<std::string> out;
    for (int i = 0; i != positions->cnt; ++i) {
        auto const& element = positions->elems[i];
        out.push_back(text(element.metadata, element.metadata_size).value_or(""));
    }
    return out;
}

std::vector<std::int64_t> KafkaObserver::ends(std::string const& topic, int partitions) {
    std::vector<std::int64_t> out;
    for (int i = 0; i != partitions; ++i) {
        std::int64_t low = 0;
        std::int64_t high = 0;
        ask("ends of " + topic, [&] {
            return rd_kafka_query_watermark_offsets(impl_->client("observer"), topic.c_str(), i,
                                                    &low, &high, ask_limit_ms);
        });
        out.push_back(high);
    }
    return out;
}

std::vector<SeenRecord> KafkaObserver::records(std::string const& topic, int partitions) {
    auto const client = make_client(impl_->bootstrap_servers, "reader");
    auto const assigned = list(topic, partitions);
    for (int i = 0; i != partitions; ++i) {
        assigned->elems[i].offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    check(rd_kafka_assign(client.get(), assigned.get()), "assign");
    std::vector<SeenRecord> out;
    for (int at_end = 0; at_end != partitions;) {
        std::unique_ptr<rd_kafka_message_t, Delete> const message(
            rd_kafka_consumer_poll(client.get(), answer_limit_ms));
        if (!message) throw std::runtime_error("no record of " + topic);
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            ++at_end;
            continue;
        }
        check(message->err, "reading " + topic);
        out.push_back(seen(*message));
    }
    return out;
}

}  // namespace headrace::integration
