// Builds librdkafka configurations: our defaults, then the user's properties, then our rules, which
// nothing overrides. Internal to this folder. It opens no connection. Thread safety: pure
// functions.
#pragma once

#include "base/result.hpp"
#include "kafka/fetch_plan.hpp"
#include "kafka/rdkafka_handles.hpp"
#include "kafka/settings.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace headrace::kafka {

using Properties = std::map<std::string, std::string>;
using Assignments = std::vector<std::pair<std::string, std::string>>;

struct ClientLayers {
    Assignments defaults;  ///< Ours; the user may override them.
    Properties const* user = nullptr;
    Assignments rules;  ///< Ours; they win.
};

/// Applies the layers in order. An Error names the property.
[[nodiscard]] Result<Handle<rd_kafka_conf_t>> make_conf(ClientLayers const& layers);

/// For the consumer of a route.
[[nodiscard]] Result<Handle<rd_kafka_conf_t>> consumer_conf(SourceSettings const& settings,
                                                            FetchPlan const& plan);

/// For the idempotent producer of dead letters.
[[nodiscard]] Result<Handle<rd_kafka_conf_t>> dead_letter_conf(DeadLetterSettings const& settings);

/// For a client that only asks: metadata, topics' configuration, a group's offsets. It never joins
/// the group.
[[nodiscard]] Result<Handle<rd_kafka_conf_t>> inquiry_conf(SourceSettings const& settings);

/// Makes the client and, where OAUTHBEARER is used, has librdkafka refresh tokens on a thread of
/// its own.
[[nodiscard]] Result<Handle<rd_kafka_t>> make_client(rd_kafka_type_t type,
                                                     Handle<rd_kafka_conf_t> conf);

}  // namespace headrace::kafka
