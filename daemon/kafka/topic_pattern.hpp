// Whether a topic is one of the source's: names, or one regular expression that begins with ^, read
// as librdkafka reads it (POSIX extended). Used to count partitions ahead and by the probe;
// librdkafka itself subscribes. Thread safety: pure functions.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace headrace::kafka {

/// Whether the list is one pattern instead of names.
[[nodiscard]] bool is_pattern(std::vector<std::string> const& topics) noexcept;

/// Checks names and pattern; the Error says which is wrong and why.
[[nodiscard]] Result<void> check_topics(std::vector<std::string> const& topics);

/// Those of `existing` that the source reads. REQUIRES: check_topics() succeeded.
[[nodiscard]] std::vector<std::string> matching(std::vector<std::string> const& topics,
                                                std::vector<std::string> const& existing);

}  // namespace headrace::kafka
