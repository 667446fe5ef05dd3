// Whether this member is joining its group anew just now, seen from the requests that librdkafka
// sends. While a JoinGroup request is parked at the broker, a commit that is sent after it waits
// behind it on the same connection, reaches the group in its next generation, and is refused;
// librdkafka before 2.10 takes that for the loss of every partition (confluentinc/librdkafka#4059).
// The source commits nothing meanwhile. Internal to this folder; one per ConsumerClient.
// Thread safety: expect() on the consumer thread, the rest on any.
#pragma once

#include "base/clock.hpp"
#include "kafka/rdkafka_handles.hpp"

#include <atomic>
#include <cstdint>
#include <memory>

namespace headrace::kafka {

class JoinWatch {
  public:
    /// Has the client that will be made of `conf` tell `watch`, which must outlive that client.
    static void attach(rd_kafka_conf_t* conf, JoinWatch& watch);

    /// The group was just given something that it answers with a JoinGroup, which may not have been
    /// sent yet; it is waited for until then.
    void expect(TimePoint until) noexcept {
        expected_until_.store(until.time_since_epoch().count(), std::memory_order_relaxed);
    }

    [[nodiscard]] bool is_joining(TimePoint now) const noexcept {
        return is_joining_.load(std::memory_order_acquire) ||
               now.time_since_epoch().count() < expected_until_.load(std::memory_order_relaxed);
    }

    /// `api_key` is the request's number in Kafka's protocol.
    void on_sent(std::int16_t api_key) noexcept;
    /// `is_lost`: the connection ended or time ran out instead.
    void on_answered(std::int16_t api_key, bool is_lost) noexcept;

  private:
    std::atomic<bool> is_joining_{false};
    std::atomic<Duration::rep> expected_until_{0};
};

}  // namespace headrace::kafka
