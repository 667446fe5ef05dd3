// What an administrator does to the topics of a running cluster: deletes them, gives them more
// partitions, cuts off their beginning. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace headrace::integration {

class TopicAdmin {
  public:
    explicit TopicAdmin(std::string const& bootstrap_servers);
    ~TopicAdmin();
    TopicAdmin(TopicAdmin const&) = delete;
    TopicAdmin& operator=(TopicAdmin const&) = delete;

    void delete_topic(std::string const& name);
    /// A topic has `partitions` of them from now on.
    void grow_topic(std::string const& name, int partitions);
    /// The partition begins at `offset` from now on, as if retention had passed.
    void delete_records(std::string const& topic, int partition, std::int64_t offset);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::integration
