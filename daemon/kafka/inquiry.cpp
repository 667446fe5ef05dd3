#include "kafka/inquiry.hpp"

#include "kafka/properties.hpp"
#include "kafka/side_thread.hpp"
#include "kafka/topic_pattern.hpp"

#include <utility>

namespace headrace::kafka {

Result<std::unique_ptr<Inquiry>> Inquiry::make(SourceSettings const& source) {
    if (auto checked = check_topics(source.topics); !checked) return checked.error();
    if (auto checked = check_properties(source.properties); !checked) return checked.error();
    auto conf = inquiry_conf(source);
    if (!conf) return conf.error();
    Redactor redact{source.properties};
    auto client = make_client(RD_KAFKA_CONSUMER, std::move(*conf));
    if (!client) return Error{client.error().code, redact(client.error().message)};
    return std::unique_ptr<Inquiry>(new Inquiry(std::move(*client), std::move(redact)));
}

Inquiry::Inquiry(Handle<rd_kafka_t> client, Redactor redact)
    : redact_(std::move(redact)), client_(std::move(client)) {
    rd_kafka_poll_set_consumer(client_.get());
    queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
    rd_kafka_set_log_queue(client_.get(), queue_.get());
}

Inquiry::~Inquiry() {
    queue_.reset();
    SideThread side;
    side.finish([raw = client_.release()] { rd_kafka_destroy(raw); }, std::chrono::seconds(1));
}

Error Inquiry::explain(Error error) {
    while (Handle<rd_kafka_event_t> const event{rd_kafka_queue_poll(queue_.get(), 0)}) {
        if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_ERROR) continue;
        cause_.hear(rd_kafka_event_error(event.get()),
                    redact_(rd_kafka_event_error_string(event.get())));
    }
    bool const is_connection =
        error.code == ErrorCode::connection || error.code == ErrorCode::timeout;
    return is_connection && cause_.is_known() ? cause_.error() : error;
}

}  // namespace headrace::kafka
