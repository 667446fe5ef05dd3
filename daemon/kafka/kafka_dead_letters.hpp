// The dead-letter topic of a route on librdkafka: an idempotent producer with acks=all whose
// acknowledgements come back by serve(). Implements flow::DeadLetters; the intake owns one per
// route. It does not decide what becomes a dead letter. A producer that librdkafka declares broken
// is made anew; what was under way with it has failed and is handed over again. Thread safety:
// every call on the consumer thread. `wake` is called on librdkafka's threads when serve() has
// something to do.
#pragma once

#include "base/clock.hpp"
#include "flow/dead_letters.hpp"
#include "kafka/log_sink.hpp"
#include "kafka/settings.hpp"

#include <functional>
#include <memory>

namespace headrace::kafka {

class KafkaDeadLetters final : public flow::DeadLetters {
  public:
    struct Parts {
        Clock const& clock;
        LogSink log;
        std::function<void()> wake;  ///< Source::wake() of the same route; may be empty.
    };

    /// Errors are configuration faults. It connects in the background.
    static Result<std::unique_ptr<KafkaDeadLetters>> make(DeadLetterSettings settings, Parts parts);
    ~KafkaDeadLetters() override;

    [[nodiscard]] Result<void> produce(flow::Record const& record,
                                       flow::FailureReport const& report,
                                       std::uint64_t token) override;
    void serve(flow::DeadLettersListener& listener) override;
    void close(TimePoint deadline) override;

  private:
    struct Impl;
    explicit KafkaDeadLetters(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::kafka
