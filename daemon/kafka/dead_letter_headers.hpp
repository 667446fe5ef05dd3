// What a dead letter's headers say: the public interface, section 6. Pure; used by
// kafka_dead_letters. Thread safety: pure functions.
#pragma once

#include "flow/dead_letters.hpp"
#include "flow/record.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::kafka {

/// A header that owns its bytes.
struct OwnedHeader {
    std::string name;
    std::optional<std::string> value;
    bool operator==(OwnedHeader const&) const = default;
};

struct DeadLetterOrigin {
    std::string_view route;
    std::string_view destination_type;
    std::string_view version;
};

/// Bytes of `headrace.message` at most.
inline constexpr std::size_t dead_letter_message_bytes_max = 1024;
/// What the message is shortened to when the dead letter is too large for its topic.
inline constexpr std::size_t dead_letter_message_bytes_short = 64;

/// The record's own headers in order, without those of our names, then ours. `message_bytes_max`
/// bounds the message, which is cut between characters; bytes of ours that are no UTF-8 become
/// U+FFFD.
[[nodiscard]] std::vector<OwnedHeader> dead_letter_headers(flow::Record const& record,
                                                           flow::FailureReport const& report,
                                                           DeadLetterOrigin const& origin,
                                                           std::size_t message_bytes_max);

/// Shortens the messages in finished headers.
void shorten_messages(std::vector<OwnedHeader>& headers, std::size_t bytes_max);

/// Valid UTF-8 of at most `bytes_max` bytes that begins as `text` does.
[[nodiscard]] std::string clean_text(std::string_view text, std::size_t bytes_max);

}  // namespace headrace::kafka
