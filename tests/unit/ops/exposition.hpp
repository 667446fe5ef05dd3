// A strict reader of the Prometheus text format, written from its specification, so that tests can
// ask what a scrape says. Refuses what the specification does not allow.
// Thread safety: plain values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::ops {

struct Sample {
    std::string name;
    std::map<std::string, std::string> labels;
    double value = 0;
};

struct MetricFamilyText {
    std::string type;
    std::string help;
    std::vector<Sample> samples;
};

struct Exposition {
    std::map<std::string, MetricFamilyText> families;

    /// The value of the one sample with this name and exactly these labels.
    [[nodiscard]] std::optional<double> find(
        std::string const& name, std::map<std::string, std::string> const& labels) const;
};

/// Reads a whole scrape; throws std::runtime_error with the line that is wrong.
[[nodiscard]] Exposition parse_exposition(std::string_view text);

}  // namespace headrace::ops
