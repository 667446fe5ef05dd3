#include "kafka/group_membership.hpp"

#include "kafka/partition_reader.hpp"

#include <algorithm>
#include <utility>

namespace headrace::kafka {
namespace {

using namespace std::chrono_literals;

constexpr auto ask_timeout_first = 2s;
constexpr auto ask_timeout_max = 10s;
constexpr auto ask_pause_first = 250ms;
constexpr auto ask_pause_max = 5s;
// Ten seconds for the member with a fresh topic's first partition to commit the start of them all.
constexpr unsigned waits_max = 40;
/// How long a JoinGroup may take to be sent after partitions were given back.
constexpr auto join_sent_max = 10s;

struct AskJob {
    rd_kafka_t* client = nullptr;
    StartQuestion question;
    std::chrono::milliseconds delay{0};
    std::function<bool()> is_wanted;
    std::function<void(StartAnswer)> on_answer;
    std::function<void(Error)> on_error;
};

/// Asks until there is an answer or nobody wants it any more.
void ask(AskJob& job, SideThread::Inside& inside) {
    std::chrono::milliseconds timeout = ask_timeout_first;
    std::chrono::milliseconds pause = ask_pause_first;
    unsigned waits = 0;
    if (job.delay > 0ms && !inside.pause(job.delay)) return;
    while (job.is_wanted() && !inside.is_stopping()) {
        auto answer = look_up_starts(job.client, job.question, timeout);
        if (answer && !answer->must_wait) {
            job.on_answer(std::move(*answer));
            return;
        }
        if (answer) {
            job.question.may_wait = ++waits < waits_max;
            if (!inside.pause(ask_pause_first)) return;
            continue;
        }
        job.on_error(std::move(answer).error());
        if (!inside.pause(pause)) return;
        pause = std::min<std::chrono::milliseconds>(pause * 2, ask_pause_max);
        timeout = std::min<std::chrono::milliseconds>(timeout * 2, ask_timeout_max);
    }
}

}  // namespace

GroupMembership::GroupMembership(Parts parts)
    : parts_(std::move(parts)), wanted_(std::make_shared<std::atomic<std::uint64_t>>(0)) {}

GroupMembership::~GroupMembership() {
    cancel_assigning();
}

void GroupMembership::on_rebalance(rd_kafka_event_t* event, flow::SourceListener& listener) {
    auto const* const list = rd_kafka_event_topic_partition_list(event);
    switch (rd_kafka_event_error(event)) {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
            return on_assign(list, listener);
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
            return on_revoke(list, listener);
        default:
            lose_all(listener);
            rd_kafka_assign(parts_.client.get(), nullptr);
    }
}

void GroupMembership::on_assign(rd_kafka_topic_partition_list_t const* list,
                                flow::SourceListener& listener) {
    cancel_assigning();
    Assigning assigning{.number = ++last_number_, .names = {}, .answer = std::nullopt};
    for (int i = 0; i != list->cnt; ++i) {
        assigning.names.push_back({list->elems[i].topic, list->elems[i].partition});
    }
    if (assigning.names.empty()) return take({}, listener);
    assigning_ = std::move(assigning);
    ask_starts(0ms);
}

void GroupMembership::ask_starts(std::chrono::milliseconds delay) {
    auto const number = assigning_->number;
    wanted_->store(number);
    auto const is_wanted = [wanted = wanted_, number] { return wanted->load() == number; };
    auto const answers = parts_.answers;
    AskJob job{.client = parts_.client.get(),
               .question = {.kind = parts_.settings.start,
                            .time_ms = epoch_ms(parts_.settings.start_time),
                            .assigned = assigning_->names},
               .delay = delay,
               .is_wanted = is_wanted,
               .on_answer = {},
               .on_error = {}};
    // An answer runs on the consumer thread, and only while it is wanted, hence while this object
    // lives.
    job.on_answer = [this, answers, is_wanted, number](StartAnswer answer) {
        answers->post([this, is_wanted, number, answer = std::move(answer)](auto& listener) {
            if (is_wanted()) on_starts(number, answer, listener);
        });
    };
    job.on_error = [this, answers, is_wanted](Error error) {
        answers->post([this, is_wanted, error = std::move(error)](auto&) {
            if (is_wanted()) parts_.troubles.report(TroubleKind::positions, error);
        });
    };
    parts_.client.side().post([job](SideThread::Inside& inside) mutable { ask(job, inside); });
}

void GroupMembership::on_starts(std::uint64_t number, StartAnswer answer,
                                flow::SourceListener& listener) {
    if (!assigning_ || assigning_->number != number) return;
    if (answer.first_commits.empty()) {
        cancel_assigning();
        return take(answer, listener);
    }
    auto const list = make_list(answer.first_commits);
    assigning_->answer = std::move(answer);
    auto const code = rd_kafka_commit_queue(parts_.client.get(), list.get(), parts_.client.queue(),
                                            nullptr, nullptr);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        on_first_commit(to_error(code, "committing the start position"), listener);
    }
}

void GroupMembership::on_first_commit(Result<void> const& result, flow::SourceListener& listener) {
    if (!assigning_ || !assigning_->answer) return;
    auto answer = std::exchange(assigning_->answer, std::nullopt);
    if (!result) {
        parts_.troubles.report(TroubleKind::positions, result.error());
        // Anew from the question: another member may have committed by then.
        assigning_->number = ++last_number_;
        return ask_starts(500ms);
    }
    for (auto& position : answer->assigned)
        position.committed = position.committed.value_or(position.begin);
    cancel_assigning();
    take(*answer, listener);
}

void GroupMembership::take(StartAnswer const& answer, flow::SourceListener& listener) {
    parts_.troubles.clear(TroubleKind::positions);
    std::vector<flow::Assigned> assigned;
    for (auto const& position : answer.assigned) {
        auto const& name = position.name;
        auto const* const origin = parts_.slots.intern(name.topic, name.partition);
        auto const slot = parts_.slots.add(origin, position.begin);
        parts_.client.collect(name.topic, name.partition);
        assigned.push_back(
            {slot, origin, position.committed, position.metadata, position.cluster_id});
    }
    auto const list = make_list(answer.assigned);
    Result<void> done;
    if (is_cooperative()) {
        done = to_result(
            Handle<rd_kafka_error_t>{rd_kafka_incremental_assign(parts_.client.get(), list.get())},
            "taking assigned partitions");
    } else if (auto const code = rd_kafka_assign(parts_.client.get(), list.get())) {
        done = to_error(code, "taking assigned partitions");
    }
    if (done) return listener.on_assigned(assigned);
    // librdkafka unassigns by itself what it could not take, and joins again.
    for (auto const& entry : assigned)
        drop(entry.slot);
    parts_.troubles.report(TroubleKind::group, done.error());
}

void GroupMembership::on_revoke(rd_kafka_topic_partition_list_t const* list,
                                flow::SourceListener& listener) {
    cancel_assigning();
    std::vector<flow::Slot> slots;
    for (int i = 0; i != list->cnt; ++i) {
        auto const slot = parts_.slots.find(list->elems[i].topic, list->elems[i].partition);
        if (slot) slots.push_back(*slot);
    }
    if (slots.empty()) return give_back(list);
    if (rd_kafka_assignment_lost(parts_.client.get()) != 0) {
        for (auto const slot : slots)
            drop(slot);
        give_back(list);
        return listener.on_lost(slots);
    }
    for (auto const slot : slots)
        parts_.slots.state(slot)->is_revoking = true;
    revoking_ = Revoking{
        Handle<rd_kafka_topic_partition_list_t>{rd_kafka_topic_partition_list_copy(list)}, slots};
    listener.on_revoking(slots);
}

void GroupMembership::serve(flow::SourceListener& listener) {
    if (!revoking_ || rd_kafka_assignment_lost(parts_.client.get()) == 0) return;
    auto const revoking = std::exchange(revoking_, std::nullopt);
    for (auto const slot : revoking->open)
        drop(slot);
    give_back(revoking->list.get());
    listener.on_lost(revoking->open);
}

void GroupMembership::release(std::span<flow::Slot const> slots) {
    if (!revoking_) return;
    for (auto const slot : slots) {
        if (std::erase(revoking_->open, slot) != 0) drop(slot);
    }
    if (!revoking_->open.empty()) return;
    auto const revoking = std::exchange(revoking_, std::nullopt);
    parts_.client.joins().expect(parts_.clock.now() + join_sent_max);
    give_back(revoking->list.get());
}

void GroupMembership::give_back(rd_kafka_topic_partition_list_t const* list) {
    if (is_cooperative()) {
        Handle<rd_kafka_error_t> const error{
            rd_kafka_incremental_unassign(parts_.client.get(), list)};
        if (error == nullptr) return;
    }
    // Without partitions there is nothing to refuse; librdkafka logs it if it does.
    rd_kafka_assign(parts_.client.get(), nullptr);
}

void GroupMembership::lose_all(flow::SourceListener& listener) {
    cancel_assigning();
    revoking_.reset();
    auto const slots = parts_.slots.all();
    for (auto const slot : slots)
        drop(slot);
    if (!slots.empty()) listener.on_lost(slots);
}

void GroupMembership::abandon() {
    bool const is_awaited = assigning_.has_value() || revoking_.has_value();
    cancel_assigning();
    revoking_.reset();
    for (auto const slot : parts_.slots.all()) {
        drop(slot);
    }
    // Only where librdkafka waits for the call: once it has closed, nobody answers, and the call
    // would never return.
    if (is_awaited) rd_kafka_assign(parts_.client.get(), nullptr);
}

void GroupMembership::cancel_assigning() {
    assigning_.reset();
    wanted_->store(0);
}

void GroupMembership::drop(flow::Slot slot) {
    // A pause would outlast the assignment.
    if (auto& state = *parts_.slots.state(slot); state.is_paused)
        resume_fetching(parts_.client.get(), state);
    parts_.slots.remove(slot);
}

bool GroupMembership::is_cooperative() const {
    char const* const protocol = rd_kafka_rebalance_protocol(parts_.client.get());
    return protocol != nullptr && std::string_view{protocol} == "COOPERATIVE";
}

}  // namespace headrace::kafka
