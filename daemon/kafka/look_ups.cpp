#include "kafka/look_ups.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>

namespace headrace::kafka {
namespace {

constexpr std::size_t cluster_id_bytes_max = 64;

struct FreeText {
    void operator()(char* text) const noexcept { rd_kafka_mem_free(nullptr, text); }
};
using List = Handle<rd_kafka_topic_partition_list_t>;

int milliseconds(std::chrono::milliseconds timeout) noexcept {
    return static_cast<int>(timeout.count());
}

std::span<rd_kafka_topic_partition_t> elements(List const& list) noexcept {
    return {list->elems, static_cast<std::size_t>(list->cnt)};
}

List make_names(std::vector<PartitionName> const& names) {
    List list{rd_kafka_topic_partition_list_new(static_cast<int>(names.size()))};
    for (auto const& name : names) {
        rd_kafka_topic_partition_list_add(list.get(), name.topic.c_str(), name.partition);
    }
    return list;
}

std::string label(PartitionName const& name) {
    return name.topic + '/' + std::to_string(name.partition);
}

std::string metadata_of(rd_kafka_topic_partition_t const& element) {
    if (element.metadata == nullptr) return {};
    return {static_cast<char const*>(element.metadata), element.metadata_size};
}

/// The list owns it and frees it with librdkafka's allocator.
void set_metadata(rd_kafka_topic_partition_t& element, std::string_view text) {
    if (text.empty()) return;
    element.metadata = rd_kafka_mem_malloc(nullptr, text.size());
    if (element.metadata == nullptr) return;  // A commit goes without it.
    std::memcpy(element.metadata, text.data(), text.size());
    element.metadata_size = text.size();
}

Result<Handle<struct rd_kafka_metadata const>> metadata(rd_kafka_t* client, bool all,
                                                        rd_kafka_topic_t* only,
                                                        std::chrono::milliseconds timeout) {
    struct rd_kafka_metadata const* raw = nullptr;
    auto const code = rd_kafka_metadata(client, all ? 1 : 0, only, &raw, milliseconds(timeout));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return to_error(code, "asking the brokers for metadata");
    return Handle<struct rd_kafka_metadata const>{raw};
}

std::optional<flow::Offset> offset_of(std::optional<GroupCommit> const& commit) {
    return commit ? std::optional{commit->offset} : std::nullopt;
}

/// The commits of every partition of the topics that have an assigned partition without one; of the
/// others, of the assigned ones only, which is all that matters there.
Result<std::vector<TopicCommits>> look_up_history(
    rd_kafka_t* client, StartQuestion const& question,
    std::vector<std::optional<GroupCommit>> const& own, std::chrono::milliseconds timeout) {
    std::vector<TopicCommits> topics;
    for (std::size_t i = 0; i != question.assigned.size(); ++i) {
        auto const& name = question.assigned[i];
        auto found = std::find_if(topics.begin(), topics.end(),
                                  [&](auto const& topic) { return topic.topic == name.topic; });
        if (found == topics.end()) found = topics.insert(topics.end(), {name.topic, {}});
        auto const index = static_cast<std::size_t>(name.partition);
        found->offsets.resize(std::max(found->offsets.size(), index + 1));
        found->offsets[index] = offset_of(own[i]);
    }
    for (auto& topic : topics) {
        bool const is_complete = std::all_of(
            question.assigned.begin(), question.assigned.end(), [&](PartitionName const& name) {
                return name.topic != topic.topic ||
                       topic.offsets[static_cast<std::size_t>(name.partition)].has_value();
            });
        if (is_complete) continue;
        auto const count = look_up_partitions(client, topic.topic, timeout);
        if (!count) return count.error();
        std::vector<PartitionName> all;
        for (std::size_t i = 0; i != std::max(*count, topic.offsets.size()); ++i) {
            all.push_back({topic.topic, static_cast<std::int32_t>(i)});
        }
        auto const commits = look_up_commits(client, all, timeout);
        if (!commits) return commits.error();
        topic.offsets.clear();
        for (auto const& commit : *commits)
            topic.offsets.push_back(offset_of(commit));
    }
    return topics;
}

std::int64_t query_of(Begin begin, std::int64_t time_ms) noexcept {
    if (begin == Begin::earliest) return RD_KAFKA_OFFSET_BEGINNING;
    // Negative times mean something else to the brokers.
    return begin == Begin::time ? std::max<std::int64_t>(time_ms, 0) : RD_KAFKA_OFFSET_END;
}

/// Asks for offsets by time; the list's offsets are the queries and become the answers.
Result<void> ask_offsets(rd_kafka_t* client, List const& list, std::chrono::milliseconds timeout) {
    if (list->cnt == 0) return {};
    auto const code = rd_kafka_offsets_for_times(client, list.get(), milliseconds(timeout));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return to_error(code, "asking the brokers for offsets");
    for (auto const& element : elements(list)) {
        if (element.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return to_error(element.err,
                            "asking for an offset of " + label({element.topic, element.partition}));
        }
    }
    return {};
}

/// Finds the offsets of starts that are not commits, in the order of `plan`.
Result<std::vector<flow::Offset>> resolve(rd_kafka_t* client, StartPlan const& plan,
                                          std::int64_t time_ms, std::chrono::milliseconds timeout) {
    std::vector<PartitionName> open;
    for (auto const& start : plan.starts) {
        if (start.begin != Begin::committed) open.push_back(start.name);
    }
    List const list = make_names(open);
    std::size_t at = 0;
    for (auto const& start : plan.starts) {
        if (start.begin != Begin::committed)
            elements(list)[at++].offset = query_of(start.begin, time_ms);
    }
    if (auto asked = ask_offsets(client, list, timeout); !asked) return asked.error();
    // No record of that time or later yet: what comes next is the first one.
    std::vector<PartitionName> ends;
    for (auto const& element : elements(list)) {
        if (element.offset < 0) ends.push_back({element.topic, element.partition});
    }
    List const last = make_names(ends);
    for (auto& element : elements(last))
        element.offset = RD_KAFKA_OFFSET_END;
    if (auto asked = ask_offsets(client, last, timeout); !asked) return asked.error();

    std::vector<flow::Offset> offsets;
    std::size_t next_open = 0;
    std::size_t next_last = 0;
    for (auto const& start : plan.starts) {
        if (start.begin == Begin::committed) {
            offsets.push_back(start.committed.value_or(0));
            continue;
        }
        auto offset = elements(list)[next_open++].offset;
        if (offset < 0) offset = std::max<std::int64_t>(elements(last)[next_last++].offset, 0);
        offsets.push_back(offset);
    }
    return offsets;
}

/// Empty if the brokers do not tell, or something unheard of.
std::string look_up_cluster_id(rd_kafka_t* client, std::chrono::milliseconds timeout) {
    std::unique_ptr<char, FreeText> const id{rd_kafka_clusterid(client, milliseconds(timeout))};
    if (id == nullptr) return {};
    std::string_view const text{id.get()};
    bool const is_plain =
        std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
    return is_plain && text.size() <= cluster_id_bytes_max ? std::string(text) : std::string{};
}

/// Gives each position the metadata of the commit at which it begins.
void add_metadata(std::vector<StartPosition>& positions, std::vector<PartitionName> const& names,
                  std::vector<std::optional<GroupCommit>> const& commits) {
    for (auto& position : positions) {
        auto const at = std::find(names.begin(), names.end(), position.name) - names.begin();
        auto const& commit = commits[static_cast<std::size_t>(at)];
        if (commit && commit->offset == position.committed) position.metadata = commit->metadata;
    }
}

}  // namespace

Result<StartAnswer> look_up_starts(rd_kafka_t* client, StartQuestion const& question,
                                   std::chrono::milliseconds timeout) {
    auto const own = look_up_commits(client, question.assigned, timeout);
    if (!own) return own.error();
    auto const topics = look_up_history(client, question, *own, timeout);
    if (!topics) return topics.error();
    auto const plan = plan_starts({.kind = question.kind,
                                   .assigned = question.assigned,
                                   .topics = *topics,
                                   .may_wait = question.may_wait});
    StartAnswer answer;
    answer.must_wait = plan.must_wait;
    if (answer.must_wait) return answer;
    auto const offsets = resolve(client, plan, question.time_ms, timeout);
    if (!offsets) return offsets.error();
    for (std::size_t i = 0; i != plan.starts.size(); ++i) {
        auto const& start = plan.starts[i];
        StartPosition const position{start.name, start.committed, offsets->at(i)};
        if (start.is_assigned) answer.assigned.push_back(position);
        if (start.is_committed) answer.first_commits.push_back(position);
    }
    add_metadata(answer.assigned, question.assigned, *own);
    auto const cluster_id = look_up_cluster_id(client, timeout);
    for (auto& position : answer.assigned)
        position.cluster_id = cluster_id;
    return answer;
}

Result<std::vector<TopicSize>> look_up_topics(rd_kafka_t* client,
                                              std::chrono::milliseconds timeout) {
    auto const found = metadata(client, true, nullptr, timeout);
    if (!found) return found.error();
    std::vector<TopicSize> topics;
    for (int i = 0; i != (*found)->topic_cnt; ++i) {
        auto const& topic = (*found)->topics[i];
        if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        topics.push_back({topic.topic, static_cast<std::size_t>(topic.partition_cnt)});
    }
    return topics;
}

Result<std::size_t> look_up_partitions(rd_kafka_t* client, std::string const& topic,
                                       std::chrono::milliseconds timeout) {
    Handle<rd_kafka_topic_t> const handle{rd_kafka_topic_new(client, topic.c_str(), nullptr)};
    if (handle == nullptr) return to_error(rd_kafka_last_error(), "topic " + topic);
    auto const found = metadata(client, false, handle.get(), timeout);
    if (!found) return found.error();
    if ((*found)->topic_cnt != 1)
        return to_error(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, "topic " + topic);
    auto const& answer = (*found)->topics[0];
    if (answer.err != RD_KAFKA_RESP_ERR_NO_ERROR) return to_error(answer.err, "topic " + topic);
    return static_cast<std::size_t>(answer.partition_cnt);
}

Result<std::size_t> look_up_brokers(rd_kafka_t* client, std::chrono::milliseconds timeout) {
    auto const found = metadata(client, false, nullptr, timeout);
    if (!found) return found.error();
    return static_cast<std::size_t>(std::max((*found)->broker_cnt, 0));
}

Result<std::vector<std::optional<GroupCommit>>> look_up_commits(
    rd_kafka_t* client, std::vector<PartitionName> const& names,
    std::chrono::milliseconds timeout) {
    List const list = make_names(names);
    auto const code = rd_kafka_committed(client, list.get(), milliseconds(timeout));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return to_error(code, "asking for the group's committed offsets");
    std::vector<std::optional<GroupCommit>> commits;
    for (auto const& element : elements(list)) {
        if (element.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return to_error(element.err, "asking for the committed offset of " +
                                             label({element.topic, element.partition}));
        }
        commits.emplace_back();
        if (element.offset < 0) continue;
        commits.back() = GroupCommit{element.offset, metadata_of(element)};
    }
    return commits;
}

Result<std::vector<flow::Offset>> look_up_ends(rd_kafka_t* client,
                                               std::vector<PartitionName> const& names,
                                               std::chrono::milliseconds timeout) {
    List const list = make_names(names);
    for (auto& element : elements(list))
        element.offset = RD_KAFKA_OFFSET_END;
    if (auto asked = ask_offsets(client, list, timeout); !asked) return asked.error();
    std::vector<flow::Offset> ends;
    for (auto const& element : elements(list))
        ends.push_back(element.offset);
    return ends;
}

List make_list(std::vector<StartPosition> const& positions) {
    List list{rd_kafka_topic_partition_list_new(static_cast<int>(positions.size()))};
    for (auto const& position : positions) {
        auto* const element = rd_kafka_topic_partition_list_add(
            list.get(), position.name.topic.c_str(), position.name.partition);
        element->offset = position.begin;
        set_metadata(*element, position.metadata);
    }
    return list;
}

}  // namespace headrace::kafka
