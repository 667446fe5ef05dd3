#include "kafka/topic_identity.hpp"

#include <memory>

namespace headrace::kafka {
namespace {

struct Destroy {
    void operator()(rd_kafka_TopicCollection_t* topics) const noexcept {
        rd_kafka_TopicCollection_destroy(topics);
    }
    void operator()(rd_kafka_AdminOptions_t* options) const noexcept {
        rd_kafka_AdminOptions_destroy(options);
    }
};
template <class T>
using Owned = std::unique_ptr<T, Destroy>;

Owned<rd_kafka_TopicCollection_t> collection(std::vector<std::string> const& topics) {
    std::vector<char const*> names;
    names.reserve(topics.size());
    for (auto const& topic : topics)
        names.push_back(topic.c_str());
    return Owned<rd_kafka_TopicCollection_t>(
        rd_kafka_TopicCollection_of_topic_names(names.data(), names.size()));
}

bool is_known(rd_kafka_Uuid_t const* id) noexcept {
    return id != nullptr && (rd_kafka_Uuid_most_significant_bits(id) != 0 ||
                             rd_kafka_Uuid_least_significant_bits(id) != 0);
}

}  // namespace

Result<TopicIds> look_up_identities(rd_kafka_t* client, std::vector<std::string> const& topics,
                                    std::chrono::milliseconds timeout) {
    constexpr auto context = "asking the brokers for the topics' ids";
    Owned<rd_kafka_AdminOptions_t> const options(
        rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS));
    auto const limit = static_cast<int>(timeout.count());
    rd_kafka_AdminOptions_set_request_timeout(options.get(), limit, nullptr, 0);
    Handle<rd_kafka_queue_t> const queue{rd_kafka_queue_new(client)};
    rd_kafka_DescribeTopics(client, collection(topics).get(), options.get(), queue.get());
    // It answers by itself within its limit; twice that is for a busy machine.
    Handle<rd_kafka_event_t> const event{rd_kafka_queue_poll(queue.get(), 2 * limit)};
    if (event == nullptr) return to_error(RD_KAFKA_RESP_ERR__TIMED_OUT, context);
    if (auto const code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return to_error(code, context);
    std::size_t count = 0;
    auto const** const found = rd_kafka_DescribeTopics_result_topics(
        rd_kafka_event_DescribeTopics_result(event.get()), &count);
    TopicIds ids;
    for (std::size_t i = 0; i != count; ++i) {
        if (rd_kafka_error_code(rd_kafka_TopicDescription_error(found[i])) !=
            RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        auto const* const id = rd_kafka_TopicDescription_topic_id(found[i]);
        if (!is_known(id)) continue;
        ids[rd_kafka_TopicDescription_name(found[i])] = rd_kafka_Uuid_base64str(id);
    }
    return ids;
}

std::vector<std::string> TopicIdentities::note(TopicIds const& found) {
    std::vector<std::string> changed;
    for (auto const& [topic, id] : found) {
        auto const [known, is_new] = known_.try_emplace(topic, id);
        if (is_new || known->second == id) continue;
        known->second = id;
        changed.push_back(topic);
    }
    return changed;
}

}  // namespace headrace::kafka
