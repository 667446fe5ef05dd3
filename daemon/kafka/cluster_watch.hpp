// What the source asks the cluster again and again beside reading, on the client's side thread:
// whether its brokers and topics are there while something is wrong, where partitions end for those
// who read committed records only, and whether a topic is still the one that is being read. It
// says what was found; kafka_source acts on it. Thread safety: belongs to the consumer thread.
#pragma once

#include "kafka/answer_box.hpp"
#include "kafka/consumer_client.hpp"
#include "kafka/event_sorting.hpp"
#include "kafka/kafka_source.hpp"
#include "kafka/look_ups.hpp"
#include "kafka/slot_table.hpp"
#include "kafka/topic_identity.hpp"
#include "kafka/trouble.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace headrace::kafka {

class ClusterWatch {
  public:
    /// All of it outlives the watch.
    struct Parts {
        SourceSettings const& settings;
        Clock const& clock;
        Troubles& troubles;
        SlotTable& slots;
    };

    struct Findings {
        std::vector<std::string> remade_topics;  ///< To be read from their beginning.
        std::vector<std::string> lines;          ///< For the log, at level debug.
        /// The client does not see a topic that exists again, and has left its group: it should be
        /// replaced.
        bool is_blind = false;
    };

    explicit ClusterWatch(Parts parts);

    /// Asks what is due; what was answered since the last call. `answers` runs only while this
    /// object lives.
    [[nodiscard]] Findings serve(ConsumerClient& client, std::shared_ptr<AnswerBox> const& answers);

    /// A client's error: librdkafka does not always say when the last broker is gone, so that a
    /// connection that failed is tried.
    void hear(rd_kafka_resp_err_t code, std::string const& text);
    /// Why a broker went away last.
    [[nodiscard]] Error cause() const { return cause_.error(); }
    /// A trouble was reported: it is looked at after a pause.
    void check_later() noexcept;
    void on_rebalance() noexcept;

    /// The client is gone; true if it left its group because it was blind.
    bool end_client() noexcept;
    /// All but the topics' identities is as it was in the beginning.
    void forget() noexcept;

  private:
    void check_troubles(ConsumerClient& client, std::shared_ptr<AnswerBox> const& answers);
    void take_check(bool with_topics, Result<std::vector<TopicSize>> const& found);
    [[nodiscard]] bool is_blind(ConsumerClient& client);
    void ask_ends(ConsumerClient& client, std::shared_ptr<AnswerBox> const& answers);
    void ask_identities(ConsumerClient& client, std::shared_ptr<AnswerBox> const& answers);
    void take_identities(Result<TopicIds> const& found);

    Parts parts_;
    BrokerCause cause_;
    TimePoint check_at_{};
    bool is_checking_ = false;
    bool is_in_doubt_ = false;  ///< A connection failed, and none was tried with success since.
    unsigned failed_tries_ = 0;
    /// The topics are there again: librdkafka should join. Set only until it does.
    std::optional<TimePoint> must_join_by_;
    bool is_leaving_ = false;  ///< It did not, and gives way to a new client.
    TimePoint ends_at_{};
    bool is_asking_ends_ = false;
    TopicIdentities identities_;
    TimePoint identities_at_{};
    Duration identities_wait_;
    bool is_asking_identities_ = false;
    Findings findings_;
};

}  // namespace headrace::kafka
