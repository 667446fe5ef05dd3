#include "kafka/cluster_watch.hpp"

#include "kafka/partition_reader.hpp"
#include "kafka/topic_pattern.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace headrace::kafka {
namespace {

using namespace std::chrono_literals;

constexpr auto check_pause = 2s;
constexpr auto check_timeout = 1s;
/// Where librdkafka says nothing: one alone may be a busy machine.
constexpr unsigned failed_tries_max = 2;
constexpr auto sight_max = 10s;
constexpr auto leave_max = 1s;
constexpr auto ends_pause = 2s;
/// How long reading may go on in the middle of a topic that was made anew.
constexpr Duration identities_pause = 5s;
/// Where nobody answers, as old brokers do, it is asked more and more seldom.
constexpr Duration identities_pause_max = 300s;

/// The topics, or none of them where only the brokers are asked.
Result<std::vector<TopicSize>> look_up(rd_kafka_t* client, bool with_topics) {
    if (with_topics) return look_up_topics(client, check_timeout);
    auto reached = look_up_brokers(client, check_timeout);
    if (!reached) return std::move(reached).error();
    return std::vector<TopicSize>{};
}

bool are_there(std::vector<std::string> const& wanted, std::vector<TopicSize> const& found) {
    std::vector<std::string> names;
    for (auto const& topic : found)
        names.push_back(topic.topic);
    return is_pattern(wanted) || matching(wanted, names).size() == wanted.size();
}

}  // namespace

ClusterWatch::ClusterWatch(Parts parts) : parts_(parts), identities_wait_(identities_pause) {}

ClusterWatch::Findings ClusterWatch::serve(ConsumerClient& client,
                                           std::shared_ptr<AnswerBox> const& answers) {
    check_troubles(client, answers);
    findings_.is_blind = is_blind(client);
    ask_ends(client, answers);
    ask_identities(client, answers);
    return std::exchange(findings_, {});
}

void ClusterWatch::hear(rd_kafka_resp_err_t code, std::string const& text) {
    if (cause_.hear(code, text)) is_in_doubt_ = true;
}

void ClusterWatch::check_later() noexcept {
    check_at_ = parts_.clock.now() + check_pause;
}

void ClusterWatch::on_rebalance() noexcept {
    if (!is_leaving_) must_join_by_.reset();
}

bool ClusterWatch::end_client() noexcept {
    is_checking_ = false;
    is_asking_ends_ = false;
    is_asking_identities_ = false;
    must_join_by_.reset();
    findings_ = {};
    return std::exchange(is_leaving_, false);
}

void ClusterWatch::forget() noexcept {
    std::ignore = end_client();
    cause_ = {};
    is_in_doubt_ = false;
    failed_tries_ = 0;
    check_at_ = {};
    ends_at_ = {};
}

void ClusterWatch::check_troubles(ConsumerClient& client,
                                  std::shared_ptr<AnswerBox> const& answers) {
    bool const with_topics = parts_.troubles.has(TroubleKind::topics);
    bool const connection = is_in_doubt_ || parts_.troubles.has(TroubleKind::connection);
    if (is_checking_ || !(with_topics || connection) || parts_.clock.now() < check_at_) return;
    is_checking_ = true;
    client.side().post([this, raw = client.get(), box = answers, with_topics](SideThread::Inside&) {
        box->post([this, with_topics, found = look_up(raw, with_topics)](auto&) {
            take_check(with_topics, found);
        });
    });
}

void ClusterWatch::take_check(bool with_topics, Result<std::vector<TopicSize>> const& found) {
    is_checking_ = false;
    check_later();
    failed_tries_ = found ? 0 : failed_tries_ + 1;
    if (is_in_doubt_ && failed_tries_ >= failed_tries_max)
        parts_.troubles.report(TroubleKind::connection, cause_.error());
    if (!found) return;
    is_in_doubt_ = false;
    parts_.troubles.clear(TroubleKind::connection);
    if (!with_topics || !are_there(parts_.settings.topics, *found)) return;
    parts_.troubles.clear(TroubleKind::topics);
    if (!is_leaving_) must_join_by_ = parts_.clock.now() + sight_max;
}

/// librdkafka 2.8 may never see a topic again that was deleted and made anew: its cache keeps the
/// old one's id. A new client has no such memory. The old one leaves the group first, which would
/// else wait for it until its session times out.
bool ClusterWatch::is_blind(ConsumerClient& client) {
    if (!must_join_by_ || parts_.clock.now() < *must_join_by_) return false;
    if (std::exchange(is_leaving_, true)) return true;
    rd_kafka_unsubscribe(client.get());
    must_join_by_ = parts_.clock.now() + leave_max;
    return false;
}

/// librdkafka tells the high watermark only, as of its last fetch. Where that may not be the end,
/// the broker is asked.
void ClusterWatch::ask_ends(ConsumerClient& client, std::shared_ptr<AnswerBox> const& answers) {
    if (is_asking_ends_ || parts_.clock.now() < ends_at_) return;
    ends_at_ = parts_.clock.now() + ends_pause;
    std::vector<PartitionName> names;
    for (auto const slot : parts_.slots.all()) {
        auto& state = *parts_.slots.state(slot);
        if (must_ask_for_end(client.get(), state))
            names.push_back({state.origin->topic, state.origin->partition});
    }
    if (names.empty()) return;
    is_asking_ends_ = true;
    client.side().post([this, raw = client.get(), box = answers, names](SideThread::Inside&) {
        auto ends = look_up_ends(raw, names, check_timeout);
        box->post([this, names, ends = std::move(ends)](auto&) {
            is_asking_ends_ = false;
            for (std::size_t i = 0; ends && i != names.size(); ++i) {
                auto const slot = parts_.slots.find(names[i].topic, names[i].partition);
                if (slot) parts_.slots.state(*slot)->asked_end = ends->at(i);
            }
        });
    });
}

void ClusterWatch::ask_identities(ConsumerClient& client,
                                  std::shared_ptr<AnswerBox> const& answers) {
    if (is_asking_identities_ || parts_.clock.now() < identities_at_) return;
    std::set<std::string> topics;
    for (auto const slot : parts_.slots.all())
        topics.insert(parts_.slots.state(slot)->origin->topic);
    if (topics.empty()) return;
    identities_at_ = parts_.clock.now() + identities_wait_;
    is_asking_identities_ = true;
    client.side().post(
        [this, raw = client.get(), box = answers,
         names = std::vector<std::string>(topics.begin(), topics.end())](SideThread::Inside&) {
            box->post([this, found = look_up_identities(raw, names, check_timeout)](auto&) {
                take_identities(found);
            });
        });
}

void ClusterWatch::take_identities(Result<TopicIds> const& found) {
    is_asking_identities_ = false;
    identities_wait_ =
        found ? identities_pause : std::min(identities_wait_ * 2, identities_pause_max);
    if (!found) return;
    findings_.lines.push_back("the ids of " + std::to_string(found->size()) + " topics are known");
    for (auto& topic : identities_.note(*found))
        findings_.remade_topics.push_back(std::move(topic));
}

}  // namespace headrace::kafka
