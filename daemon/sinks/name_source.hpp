// Finds the name that a NameRule asks for: fixed, by topic, from a header or from a field. Used by
// dialects for stream sources, collections and partitions. Thread safety: an instance belongs to
// its worker's thread.
#pragma once

#include "flow/record.hpp"
#include "flow/sink.hpp"
#include "sinks/settings.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace headrace::sinks {

/// Longer names are refused.
inline constexpr std::size_t name_bytes_max = 255;

class NameSource {
  public:
    /// `what` stands in messages, such as "stream source"; static text.
    NameSource(NameRule rule, std::string_view what);

    /// The record's name, valid until the next call; or the refusal at stage encode. REQUIRES:
    /// reads_value() only with a value that check_value() took.
    [[nodiscard]] std::variant<std::string_view, flow::Refusal> find(flow::Record const& record);

    [[nodiscard]] bool reads_value() const noexcept { return rule_.from == NameRule::From::field; }
    [[nodiscard]] bool is_fixed() const noexcept { return rule_.from == NameRule::From::fixed; }

    /// Records with a name that the destination does not know may be dead-lettered.
    [[nodiscard]] bool buries_unknown() const noexcept {
        return !is_fixed() && rule_.on_unknown == OnUnknown::dead_letter;
    }

    /// How many bytes the longest possible name takes as a JSON string.
    [[nodiscard]] std::size_t json_bytes_max() const;

  private:
    [[nodiscard]] std::variant<std::string_view, flow::Refusal> absent(
        std::string_view where) const;
    [[nodiscard]] std::variant<std::string_view, flow::Refusal> find_in_field(
        flow::Record const& record);
    [[nodiscard]] std::variant<std::string_view, flow::Refusal> checked(
        std::string_view name) const;

    NameRule rule_;
    std::string_view what_;
    std::string found_;
};

}  // namespace headrace::sinks
