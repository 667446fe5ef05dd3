#include "kafka/probe.hpp"

#include "kafka/inquiry.hpp"
#include "kafka/look_ups.hpp"
#include "kafka/topic_pattern.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace headrace::kafka {
namespace {

void probe_topics(Inquiry& inquiry, ProbeRequest const& request, ProbeReport& report) {
    if (is_pattern(request.source.topics)) {
        auto const all = look_up_topics(inquiry.client(), request.timeout);
        if (!all) return report.problems.push_back(inquiry.explain(all.error()));
        for (auto const& topic : *all) {
            if (matching(request.source.topics, {topic.topic}).empty()) continue;
            report.topics.push_back({topic.topic, topic.partitions});
        }
        if (report.topics.empty()) {
            report.problems.push_back(
                {ErrorCode::not_found, "source.topics: no topic that the user may see matches " +
                                           request.source.topics.front()});
        }
        return;
    }
    for (auto const& topic : request.source.topics) {
        auto const partitions = look_up_partitions(inquiry.client(), topic, request.timeout);
        if (partitions) {
            report.topics.push_back({topic, *partitions});
        } else {
            report.problems.push_back(
                inquiry.explain(partitions.error()).with_prefix("source.topics: "));
        }
    }
}

/// Whether the user may read the group's offsets, which is what joining and committing need.
void probe_group(Inquiry& inquiry, ProbeRequest const& request, ProbeReport& report) {
    if (report.topics.empty()) return;
    auto const commits =
        look_up_commits(inquiry.client(), {{report.topics.front().name, 0}}, request.timeout);
    if (!commits) {
        report.problems.push_back(inquiry.explain(commits.error())
                                      .with_prefix("source.group " + request.source.group + ": "));
    }
}

struct DestroyAdmin {
    void operator()(rd_kafka_ConfigResource_t* resource) const noexcept {
        rd_kafka_ConfigResource_destroy(resource);
    }
    void operator()(rd_kafka_AdminOptions_t* options) const noexcept {
        rd_kafka_AdminOptions_destroy(options);
    }
};

std::optional<std::size_t> parse_size(char const* text) {
    if (text == nullptr) return std::nullopt;
    std::string_view const digits{text};
    std::size_t value = 0;
    auto const [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (code != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

/// max.message.bytes of the topic, if the broker tells.
std::optional<std::size_t> bytes_max(rd_kafka_t* client, std::string const& topic,
                                     std::chrono::milliseconds timeout) {
    std::unique_ptr<rd_kafka_ConfigResource_t, DestroyAdmin> const resource{
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str())};
    std::unique_ptr<rd_kafka_AdminOptions_t, DestroyAdmin> const options{
        rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS)};
    auto const wait = static_cast<int>(timeout.count());
    rd_kafka_AdminOptions_set_request_timeout(options.get(), wait, nullptr, 0);
    Handle<rd_kafka_queue_t> const queue{rd_kafka_queue_new(client)};
    auto* raw = resource.get();
    rd_kafka_DescribeConfigs(client, &raw, 1, options.get(), queue.get());
    Handle<rd_kafka_event_t> const event{rd_kafka_queue_poll(queue.get(), wait)};
    if (event == nullptr || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return std::nullopt;
    auto const* const result = rd_kafka_event_DescribeConfigs_result(event.get());
    if (result == nullptr) return std::nullopt;
    std::size_t count = 0;
    auto const* const* const resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
    if (count != 1) return std::nullopt;
    std::size_t entries = 0;
    auto const* const* const configs = rd_kafka_ConfigResource_configs(resources[0], &entries);
    for (std::size_t i = 0; i != entries; ++i) {
        if (std::string_view{rd_kafka_ConfigEntry_name(configs[i])} == "max.message.bytes") {
            return parse_size(rd_kafka_ConfigEntry_value(configs[i]));
        }
    }
    return std::nullopt;
}

void probe_dead_letters(Inquiry& inquiry, ProbeRequest const& request, ProbeReport& report) {
    if (!request.dead_letter_topic) return;
    auto const found =
        look_up_partitions(inquiry.client(), *request.dead_letter_topic, request.timeout);
    if (!found) {
        report.problems.push_back(
            inquiry.explain(found.error()).with_prefix("dead_letters.topic: "));
        return;
    }
    report.dead_letter_bytes_max =
        bytes_max(inquiry.client(), *request.dead_letter_topic, request.timeout);
}

}  // namespace

ProbeReport probe(ProbeRequest const& request) {
    ProbeReport report;
    auto const made = Inquiry::make(request.source);
    if (!made) {
        report.problems.push_back(made.error());
        return report;
    }
    Inquiry& inquiry = **made;
    if (auto const reached = look_up_brokers(inquiry.client(), request.timeout); !reached) {
        report.problems.push_back(inquiry.explain(reached.error()));
        return report;
    }
    probe_topics(inquiry, request, report);
    probe_group(inquiry, request, report);
    probe_dead_letters(inquiry, request, report);
    return report;
}

}  // namespace headrace::kafka
