// A client that only asks the brokers and remembers what they said about the connection, so that an
// answer that does not come can be explained. Internal to this folder: used before the consumer is
// made, and by the probe. Thread safety: one thread at a time. Its destructor waits a second at
// most; a client that closes slowly is left to a thread.
#pragma once

#include "kafka/client_config.hpp"
#include "kafka/event_sorting.hpp"
#include "kafka/log_sink.hpp"
#include "kafka/settings.hpp"

#include <memory>

namespace headrace::kafka {

class Inquiry {
  public:
    /// Checks topics, properties, and that they make a client.
    static Result<std::unique_ptr<Inquiry>> make(SourceSettings const& source);
    ~Inquiry();
    Inquiry(Inquiry const&) = delete;
    Inquiry& operator=(Inquiry const&) = delete;

    [[nodiscard]] rd_kafka_t* client() const noexcept { return client_.get(); }

    /// The reason behind a connection that does not come about, if the client named one; else
    /// `error`.
    [[nodiscard]] Error explain(Error error);

  private:
    Inquiry(Handle<rd_kafka_t> client, Redactor redact);

    Redactor redact_;
    Handle<rd_kafka_t> client_;
    Handle<rd_kafka_queue_t> queue_;
    BrokerCause cause_;
};

}  // namespace headrace::kafka
