// What of the configuration goes to Kafka, checked as far as that is possible without a broker:
// server lists, librdkafka properties, topics and patterns. Used by build and build_route. Thread
// safety: free functions without state.
#pragma once

#include "config/environment.hpp"
#include "config/settings_lookup.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::config {

/// The longest regular expression for topics, and how often its counted repeats may repeat
/// altogether: compiling `(a{99}){99}` takes memory for each of its 9801 letters.
inline constexpr std::size_t pattern_bytes_max = 512;
inline constexpr std::size_t pattern_repeats_max = 1000;

/// The key's list of HOST:PORT, empty when it is absent or wrong.
[[nodiscard]] std::string read_bootstrap_servers(SettingsLookup const& lookup,
                                                 std::string_view key);

/// The key's librdkafka properties, each one checked.
[[nodiscard]] std::map<std::string, std::string> read_properties(SettingsLookup const& lookup,
                                                                 std::string_view key);

/// The files that librdkafka reads when its client is made.
[[nodiscard]] std::vector<std::string> files_of(
    std::map<std::string, std::string> const& properties);
/// Another text when one of these files may have another content; empty when there are none.
[[nodiscard]] std::string stamp_of_files(std::map<std::string, std::string> const& properties,
                                         Environment const& environment);

/// The key's topics: names, or one pattern; empty when they are absent or wrong.
[[nodiscard]] std::vector<std::string> read_topics(SettingsLookup const& lookup,
                                                   std::string_view key);

}  // namespace headrace::config
