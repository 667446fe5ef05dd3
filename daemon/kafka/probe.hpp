// Asks the brokers whether a route could work: used by `headrace validate --connect` and nothing
// else. It joins no group, creates nothing and commits nothing. Thread safety: blocks its caller
// for the timeout at most, apart from closing; not for the consumer thread.
#pragma once

#include "base/result.hpp"
#include "kafka/settings.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace headrace::kafka {

struct ProbeRequest {
    SourceSettings const& source;
    std::optional<std::string> dead_letter_topic;
    std::chrono::milliseconds timeout{10'000};
};

struct ProbedTopic {
    std::string name;
    std::size_t partitions = 0;
};

struct ProbeReport {
    std::vector<Error> problems;  ///< Empty: the route could read, commit and bury.
    std::vector<ProbedTopic> topics;
    /// The dead-letter topic's max.message.bytes, if the user may read it.
    std::optional<std::size_t> dead_letter_bytes_max;
};

[[nodiscard]] ProbeReport probe(ProbeRequest const& request);

}  // namespace headrace::kafka
