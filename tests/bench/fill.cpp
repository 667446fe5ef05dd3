// Makes a topic and fills it with records for the benchmark, as fast as the broker takes them or at
// a rate. Every record has a number (`id`), the time it was produced (`t`, nanoseconds of the
// realtime clock) and is exactly as long as asked for. Prints what it did as one line of JSON.

#include "flags.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <random>

namespace {

using headrace::bench::Flags;
using Clock = std::chrono::steady_clock;

struct Free {
    void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
    void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
    void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
    void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};
template <typename T>
using Handle = std::unique_ptr<T, Free>;

struct Plan {
    std::vector<std::string> topics;
    int partitions = 4;
    std::uint64_t first = 0;
    std::uint64_t records = 0;
    std::size_t bytes = 512;
    std::uint64_t rate = 0;  ///< Records a second; 0 is as fast as can be.
    std::uint64_t keys = 100'000;
    std::size_t dimensions = 0;        ///< Not 0: rows with a vector of so many numbers.
    std::vector<std::string> sources;  ///< Named in turn by the header `source`.
    bool makes_topics = true;
};

std::atomic<std::uint64_t> failures{0};

Handle<rd_kafka_t> make_producer(Plan const& plan, std::string const& bootstrap) {
    auto* conf = rd_kafka_conf_new();
    std::array<char, 512> text{};
    std::vector<std::pair<std::string, std::string>> const settings{
        {"bootstrap.servers", bootstrap},
        {"linger.ms", plan.rate == 0 ? "5" : "1"},
        {"batch.size", "1000000"},
        {"queue.buffering.max.messages", "200000"},
        {"queue.buffering.max.kbytes", "131072"},
        {"partitioner", "murmur2_random"},
    };
    for (auto const& [name, value] : settings) {
        if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size()) !=
            RD_KAFKA_CONF_OK)
            throw std::runtime_error(text.data());
    }
    rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, rd_kafka_message_t const* message, void*) {
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) ++failures;
    });
    Handle<rd_kafka_t> client{rd_kafka_new(RD_KAFKA_PRODUCER, conf, text.data(), text.size())};
    if (client == nullptr) throw std::runtime_error(text.data());
    return client;
}

void make_topics(rd_kafka_t* client, Plan const& plan) {
    std::vector<Handle<rd_kafka_NewTopic_t>> wanted;
    std::vector<rd_kafka_NewTopic_t*> raw;
    std::array<char, 256> text{};
    for (auto const& topic : plan.topics) {
        wanted.emplace_back(
            rd_kafka_NewTopic_new(topic.c_str(), plan.partitions, 1, text.data(), text.size()));
        raw.push_back(wanted.back().get());
    }
    Handle<rd_kafka_queue_t> answers{rd_kafka_queue_new(client)};
    rd_kafka_CreateTopics(client, raw.data(), raw.size(), nullptr, answers.get());
    Handle<rd_kafka_event_t> answer{rd_kafka_queue_poll(answers.get(), 60'000)};
    std::size_t count = 0;
    auto const* result = rd_kafka_event_CreateTopics_result(answer.get());
    if (result == nullptr) throw std::runtime_error("the broker does not answer");
    auto const* const* made = rd_kafka_CreateTopics_result_topics(result, &count);
    for (std::size_t at = 0; at < count; ++at) {
        if (rd_kafka_topic_result_error(made[at]) != RD_KAFKA_RESP_ERR_NO_ERROR)
            throw std::runtime_error(rd_kafka_topic_result_error_string(made[at]));
    }
}

/// Writes records one after the other into one buffer.
class RecordText {
  public:
    explicit RecordText(Plan const& plan) : plan_(plan), text_(make_tail(plan)) {}

    std::string_view make(std::uint64_t id, std::uint64_t key) {
        auto const now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                             std::chrono::system_clock::now().time_since_epoch())
                             .count();
        std::array<char, 128> head{};
        std::snprintf(head.data(), head.size(),
                      R"({"id":%12llu,"t":%19lld,"user_id":"user-%08llu")",
                      static_cast<unsigned long long>(id), static_cast<long long>(now),
                      static_cast<unsigned long long>(key));
        std::copy_n(head.data(), head_bytes, text_.data());
        return text_;
    }

  private:
    // The numbers are padded, so that all records are of one length.
    static constexpr std::size_t head_bytes = 68;

    static std::string make_tail(Plan const& plan) {
        std::string text(head_bytes, ' ');
        if (plan.dimensions > 0) {
            std::mt19937 random{7};
            std::uniform_real_distribution<double> weight{-0.1, 0.1};
            std::array<char, 16> number{};
            text += R"(,"vector":[)";
            for (std::size_t at = 0; at < plan.dimensions; ++at) {
                std::snprintf(number.data(), number.size(), "%s%.7f", at == 0 ? "" : ",",
                              weight(random));
                text += number.data();
            }
            return text + "]}";
        }
        text += R"(,"timestamp":"2026-11-21T12:00:00.000Z","session":"0b5d8a3c-5f0e-4f1c-9a77",)"
                R"("page":"/products/4711?ref=mail","amount":129.9,"items":3,"is_member":true,)"
                R"("referrer":null,"tags":["autumn","sale"],"agent":")";
        auto const padding = plan.bytes > text.size() + 2 ? plan.bytes - text.size() - 2 : 0;
        return text + std::string(padding, 'x') + "\"}";
    }

    Plan const& plan_;
    std::string text_;
};

/// How many records are due now; all of them without a rate.
std::uint64_t due(Plan const& plan, Clock::time_point began) {
    if (plan.rate == 0) return plan.records;
    auto const passed = std::chrono::duration<double>(Clock::now() - began).count();
    return std::min(plan.records,
                    static_cast<std::uint64_t>(passed * static_cast<double>(plan.rate)));
}

struct Outgoing {
    std::string const& topic;
    std::string const& key;
    std::string_view value;
    std::string const& source;  ///< Empty: no header.
};

rd_kafka_resp_err_t send(rd_kafka_t* client, Outgoing const& record) {
    auto* headers = record.source.empty() ? nullptr : rd_kafka_headers_new(1);
    if (headers != nullptr) {
        rd_kafka_header_add(headers, "source", -1, record.source.data(),
                            static_cast<ssize_t>(record.source.size()));
    }
    auto const error = rd_kafka_producev(
        client, RD_KAFKA_V_TOPIC(record.topic.c_str()),
        RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(record.value.data()), record.value.size()),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    // They are librdkafka's only when it took the record.
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR && headers != nullptr)
        rd_kafka_headers_destroy(headers);
    return error;
}

void produce(rd_kafka_t* client, Plan const& plan) {
    RecordText text{plan};
    auto const began = Clock::now();
    for (std::uint64_t sent = 0; sent < plan.records;) {
        auto const until = due(plan, began);
        for (; sent < until; ++sent) {
            auto const id = plan.first + sent;
            auto const key = (id * 2654435761U) % plan.keys;
            auto const value = text.make(id, key);
            auto const name = "user-" + std::to_string(key);
            auto const& topic = plan.topics[id % plan.topics.size()];
            std::string const source =
                plan.sources.empty() ? "" : plan.sources[id % plan.sources.size()];
            while (send(client, {topic, name, value, source}) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
                rd_kafka_poll(client, 10);
        }
        rd_kafka_poll(client, plan.rate == 0 ? 0 : 1);
    }
    if (rd_kafka_flush(client, 60'000) != RD_KAFKA_RESP_ERR_NO_ERROR || failures > 0)
        throw std::runtime_error("not every record was produced");
}

Plan read_plan(Flags const& flags) {
    Plan plan;
    plan.topics = headrace::bench::split_list(flags.text("topic"));
    plan.partitions = static_cast<int>(flags.number("partitions", 4));
    plan.first = flags.number("first", 0);
    plan.records = flags.number("records", 0);
    plan.bytes = flags.number("bytes", 512);
    plan.rate = flags.number("rate", 0);
    plan.keys = flags.number("keys", 100'000);
    plan.dimensions = flags.number("dimensions", 0);
    if (!flags.text("sources").empty())
        plan.sources = headrace::bench::split_list(flags.text("sources"));
    plan.makes_topics = flags.text("make", "yes") == "yes";
    return plan;
}

}  // namespace

int main(int count, char** words) try {
    Flags const flags{count,
                      words,
                      {"bootstrap", "topic", "partitions", "first", "records", "bytes", "rate",
                       "keys", "dimensions", "make", "sources"}};
    auto const plan = read_plan(flags);
    auto const client = make_producer(plan, flags.text("bootstrap"));
    if (plan.makes_topics) make_topics(client.get(), plan);
    auto const began = Clock::now();
    produce(client.get(), plan);
    auto const secs = std::chrono::duration<double>(Clock::now() - began).count();
    std::printf("{\"records\":%llu,\"secs\":%.3f}\n", static_cast<unsigned long long>(plan.records),
                secs);
    return 0;
} catch (std::exception const& error) {
    std::fprintf(stderr, "fill: %s\n", error.what());
    return 1;
}
