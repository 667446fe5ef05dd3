// What the Kafka side of a route must be told: filled by config, used by kafka_source and
// kafka_dead_letters.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace headrace::kafka {

/// Where a topic begins that the group has never committed.
enum class StartKind {
    earliest,  ///< The oldest record there is.
    latest,    ///< What comes after the first assignment.
    time,      ///< The first record at or after `start_time`.
};

struct SourceSettings {
    std::string bootstrap_servers;
    std::map<std::string, std::string>
        properties;  ///< Any librdkafka setting; wins over our defaults, never over our rules.
    std::vector<std::string> topics;  ///< Names, or one regular expression that begins with ^.
    std::string group;
    std::string instance_id;  ///< Static membership; empty: none.
    StartKind start = StartKind::earliest;
    WallTime start_time{};  ///< For StartKind::time.
    std::size_t prefetch_bytes =
        0;  ///< Share of the route's memory for librdkafka's queues, all partitions together.
    std::size_t message_bytes_max = 0;  ///< Largest request body: bounds the fetch size.
    /// Of the files that librdkafka reads when its client is made: another one when their content
    /// may be another.
    std::string files_stamp{};

    [[nodiscard]] bool operator==(SourceSettings const&) const = default;
};

struct DeadLetterSettings {
    std::string bootstrap_servers;
    std::map<std::string, std::string> properties;
    std::string topic;
    std::string route;
    std::string destination_type;
    std::string version;

    [[nodiscard]] bool operator==(DeadLetterSettings const&) const = default;
};

}  // namespace headrace::kafka
