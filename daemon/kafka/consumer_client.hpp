// One librdkafka consumer with its main queue and its side thread: made, subscribed, and destroyed
// without making the consumer thread wait longer than it allows. Internal to this folder;
// kafka_source makes a new one when the old one broke for good. Thread safety: belongs to the
// consumer thread; jobs on side() may use get().
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
    /// `wake_descriptor` is written to when the main queue gets something; it may be closed after
    /// destroy().
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

    /// A partition's own queue, cut off from the main one, that signals like it. Call it again for
    /// each assignment, before it.
    [[nodiscard]] Handle<rd_kafka_queue_t> partition_queue(std::string const& topic,
                                                           std::int32_t partition) const;

    /// Stops the queue's signals and lets go of it.
    static void release_queue(Handle<rd_kafka_queue_t> queue) noexcept;

    /// Destroys librdkafka's client on the side thread and waits for it up to `limit`; true if it
    /// is gone. It goes only when every record of it was destroyed, later if need be. REQUIRES:
    /// every partition queue was released.
    bool destroy(std::chrono::milliseconds limit);

  private:
    ConsumerClient(std::shared_ptr<JoinWatch> joins, Handle<rd_kafka_t> client,
                   int wake_descriptor);

    /// Its other owner is the job that destroys the client.
    std::shared_ptr<JoinWatch> joins_;
    Handle<rd_kafka_t> client_;
    Handle<rd_kafka_queue_t> queue_;
    int wake_descriptor_;
    SideThread side_;
    bool is_destroyed_ = false;
};

}  // namespace headrace::kafka
