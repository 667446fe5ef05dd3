// Whether a topic is still the one that is being read: one that is deleted and made anew keeps its
// name, and its offsets begin again. librdkafka notices that only where its position lies beyond
// the new end; else it reads on in the middle of the new topic. Used by kafka_source. Thread
// safety: TopicIdentities belongs to the consumer thread, look_up_identities may run on any.
#pragma once

#include "base/result.hpp"
#include "kafka/rdkafka_handles.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace headrace::kafka {

/// By topic, the id that the cluster gave it. Topics that are gone, and all of a cluster that knows
/// no ids, are left out.
using TopicIds = std::map<std::string, std::string>;

[[nodiscard]] Result<TopicIds> look_up_identities(rd_kafka_t* client,
                                                  std::vector<std::string> const& topics,
                                                  std::chrono::milliseconds timeout);

class TopicIdentities {
  public:
    /// Takes what was looked up; the topics that have another id than before.
    [[nodiscard]] std::vector<std::string> note(TopicIds const& found);

  private:
    TopicIds known_;
};

}  // namespace headrace::kafka
