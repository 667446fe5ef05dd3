// Which of librdkafka's errors are trouble for the operator, and of which kind; the others are
// passing or go to the log. Internal to this folder, pure. Thread safety: plain values.
#pragma once

#include "kafka/rdkafka_handles.hpp"
#include "kafka/trouble.hpp"

#include <optional>
#include <string>

namespace headrace::kafka {

/// The kind of trouble; nothing for what librdkafka mends by itself or reports again in another
/// way.
[[nodiscard]] std::optional<TroubleKind> trouble_of(rd_kafka_resp_err_t code) noexcept;

/// Remembers why brokers went away, because "all brokers are down" does not say it.
class BrokerCause {
  public:
    /// Whether that is such a cause.
    bool hear(rd_kafka_resp_err_t code, std::string text);
    [[nodiscard]] bool is_known() const noexcept { return !text_.empty(); }
    [[nodiscard]] Error error() const;

  private:
    rd_kafka_resp_err_t code_ = RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
    std::string text_;
};

}  // namespace headrace::kafka
