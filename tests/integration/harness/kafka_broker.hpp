// One real Apache Kafka broker in a folder of its own, through tests/integration/kafka/run-broker;
// gone with this object. Thread safety: one thread.
#pragma once

#include "harness/process.hpp"
#include "harness/temporary_folder.hpp"

#include <memory>
#include <string>
#include <vector>

namespace headrace::integration {

class KafkaBroker {
  public:
    /// Waits until it has started; throws with its log if it does not. `properties` are lines of
    /// server.properties such as "offset.metadata.max.bytes=1".
    explicit KafkaBroker(std::vector<std::string> const& properties = {});

    [[nodiscard]] std::string const& bootstrap() const noexcept { return bootstrap_; }

  private:
    TemporaryFolder folder_;
    std::unique_ptr<Process> process_;
    std::string bootstrap_;
};

}  // namespace headrace::integration
