// Looks into a Kafka cluster from outside, through librdkafka itself: positions that a group has
// committed, ends of partitions, and what a topic holds. Never joins a group. Thread safety: one
// thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace headrace::integration {

struct SeenRecord {
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::int64_t timestamp_ms = 0;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::map<std::string, std::string> headers;

    /// The header's value; "(absent)" if there is none.
    [[nodiscard]] std::string header(std::string const& name) const;
};

class KafkaObserver {
  public:
    explicit KafkaObserver(std::string const& bootstrap_servers);
    ~KafkaObserver();
    KafkaObserver(KafkaObserver const&) = delete;
    KafkaObserver& operator=(KafkaObserver const&) = delete;

    /// Makes a topic through the brokers' own interface, which the mock cluster lacks.
    void create_topic(std::string const& name, int partitions,
                      std::map<std::string, std::string> const& configuration = {});
    /// By partition; -1 where the group has committed nothing.
    [[nodiscard]] std::vector<std::int64_t> committed(std::string const& group,
                                                      std::string const& topic, int partitions);
    /// By partition: the metadata of the group's commit.
    [[nodiscard]] std::vector<std::string> commit_metadata(std::string const& group,
                                                           std::string const& topic,
                                                           int partitions);
    /// By partition: the offset that the next record gets.
    [[nodiscard]] std::vector<std::int64_t> ends(std::string const& topic, int partitions);
    /// Everything that the topic holds now.
    [[nodiscard]] std::vector<SeenRecord> records(std::string const& topic, int partitions);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::integration
