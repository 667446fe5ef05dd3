// The port to the dead-letter topic: what a dead letter says, and a producer that acknowledges.
// Used by the intake on the route's consumer thread; implemented by kafka/kafka_dead_letters and by
// fakes. Thread safety: every call on the consumer thread.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "flow/record.hpp"
#include "flow/sink.hpp"

#include <cstdint>
#include <string>

namespace headrace::flow {

/// Everything that a dead letter says besides the record's own bytes: the public interface,
/// section 6.
struct FailureReport {
    Refusal refusal;
    unsigned attempts = 0;  ///< Requests that carried the record; 0 at decode.
    WallTime first_failure{};
    WallTime last_failure{};
};

class DeadLettersListener {
  public:
    virtual ~DeadLettersListener() = default;
    /// The topic has the record, on all in-sync replicas.
    virtual void on_acknowledged(std::uint64_t token) = 0;
    /// The topic does not have it (or nobody knows): the record is still open and will be handed
    /// over again.
    virtual void on_failed(std::uint64_t token, Error const& error) = 0;
};

class DeadLetters {
  public:
    virtual ~DeadLetters() = default;

    /// Starts to write one; the answer comes by the listener with `token`. The record is only read,
    /// and need not outlive the call. An error means that nothing was started: too_large names
    /// max.message.bytes, the others pass (a full queue).
    [[nodiscard]] virtual Result<void> produce(Record const& record, FailureReport const& report,
                                               std::uint64_t token) = 0;

    /// Hands over what happened since the last call; does not wait.
    virtual void serve(DeadLettersListener& listener) = 0;

    /// Waits for what is under way, until `deadline` at most, and closes.
    virtual void close(TimePoint deadline) = 0;
};

}  // namespace headrace::flow
