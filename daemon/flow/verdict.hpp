// What a destination's answer means for the records of a request. The sink judges, delivery acts:
// the sink knows everything about the destination, delivery only counts and waits. Classes are
// those of the public interface, section 3.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace headrace::flow {

enum class Verdict : std::uint8_t {
    delivered,  ///< Status and body say that every record was written.
    retry,      ///< A fault that may pass: the same records again after a wait.
    split,      ///< Some record is refused, nothing says which: halve; alone it is dead-lettered.
    blocked,    ///< A fault of configuration or permission: keep everything, alarm, probe.
};

/// Why a request failed: the `reason` label of headrace_write_errors_total.
enum class FailureReason : std::uint8_t {
    none,          ///< It did not fail.
    timeout,       ///< http.timeout_secs or connect_timeout_secs passed.
    connection,    ///< No route, unknown host, refused, reset, closed in the middle.
    tls,           ///< Handshake or certificate.
    throttled,     ///< 429 or a quota; never counts for the breaker.
    server_error,  ///< 5xx or a code that means a fault of the server.
    rejected,      ///< The records were refused.
    blocked,       ///< Credentials, permission, or the target is missing.
    bad_response,  ///< An answer that cannot be understood.
};
inline constexpr std::size_t failure_reason_count = 9;
[[nodiscard]] std::string_view to_string(FailureReason reason) noexcept;

/// How far a blocked verdict reaches.
enum class BlockScope : std::uint8_t {
    destination,  ///< Credentials, permission: every request will fail.
    target,       ///< One stream source, collection or partition is missing.
};

/// Which name the destination does not know, if records with it may be dead-lettered for that.
enum class UnknownName : std::uint8_t {
    none,    ///< None, or the configuration does not say `on_unknown: dead_letter`.
    source,  ///< The stream source or collection.
    place,   ///< The partition.
};

struct Judgement {
    Verdict verdict = Verdict::retry;
    FailureReason reason = FailureReason::none;
    BlockScope scope = BlockScope::destination;  ///< Only for Verdict::blocked.
    UnknownName unknown = UnknownName::none;     ///< Only for BlockScope::target.
    std::optional<Duration>
        retry_after;     ///< Holds the whole destination; clamped to 10 minutes by the sink.
    std::string status;  ///< What the answer said: "429", "200/1804", or empty when there was none.
    std::string message;  ///< For operators and dead letters: at most 1 KiB of UTF-8, no
                          ///< credentials, no payload of ours.
};

/// How a failed request reads in reports: "429: too many requests".
[[nodiscard]] std::string describe(Judgement const& judgement);

}  // namespace headrace::flow
