// One librdkafka consumer with its main queue, the queue of its records and its side thread: made,
// subscribed, and destroyed without making the consumer thread wait longer than it allows. Internal
// to this folder; kafka_source makes a new one when the old one broke for good. Thread safety:
// belongs to the consumer thread; jobs on side() may use get().
#pragma once

#include "kafka/client_config.hpp"
#include "kafka/join_watch.hpp"
#include "kafka/side_thread.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace headrace::kafka {

class ConsumerClient {
  public:
    /// `wake_descriptor` is written to when one of the queues gets something; it may be closed
    /// after destroy().
    static Result<std::unique_ptr<ConsumerClient>> make(Handle<rd_kafka_conf_t> conf,
                                                        int wake_descriptor);
    ~ConsumerClient();
    ConsumerClient(ConsumerClient const&) = delete;
    ConsumerClient& operator=(ConsumerClient const&) = delete;

    [[nodiscard]] Result<void> subscribe(std::vector<std::string> const& topics);

    [[nodiscard]] rd_kafka_t* get() const noexcept { return client_.get(); }
    [[nodiscard]] rd_kafka_queue_t* queue() const noexcept { return queue_.get(); }
    [[nodiscard]] SideThread& side() noexcept { return side_; }
    [[nodiscard]] JoinWatch& joins() noexcept { return *joins_; }

    /// Where the records of all partitions come, apart from the main queue; it signals like it.
    [[nodiscard]] rd_kafka_queue_t* records() const noexcept { return records_.get(); }
    /// Makes a partition's records come there. Call it for each assignment, before it.
    void collect(std::string const& topic, std::int32_t partition) const;

    /// Destroys librdkafka's client on the side thread and waits for it up to `limit`; true if it
    /// is gone. It goes only when every record of it was destroyed, later if need be.
    bool destroy(std::chrono::milliseconds limit);

  private:
    ConsumerClient(std::shared_ptr<JoinWatch> joins, Handle<rd_kafka_t> client,
                   int wake_descriptor);

    /// Its other owner is the job that destroys the client.
    std::shared_ptr<JoinWatch> joins_;
    Handle<rd_kafka_t> client_;
    Handle<rd_kafka_queue_t> queue_;
    Handle<rd_kafka_queue_t> records_;
    int wake_descriptor_;
    SideThread side_;
    bool is_destroyed_ = false;
};

}  // namespace headrace::kafka
