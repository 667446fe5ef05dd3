// One real Apache Kafka broker in a folder of its own, through tests/integration/kafka/run-broker;
// gone with this object. Its ports stay reserved, so that it comes back where it was.
// Thread safety: one thread.
#pragma once

#include "harness/process.hpp"
#include "harness/reserved_port.hpp"
#include "harness/temporary_folder.hpp"

#include <memory>
#include <string>
#include <vector>

namespace headrace::integration {

class KafkaBroker {
  public:
    struct Settings {
        /// Where a proxy listens that clients of proxied_port() are sent to; 0: there is none.
        std::uint16_t proxy_port = 0;
        std::vector<std::string> properties{};  ///< `name=value`, beyond those of the template.
    };

    /// Waits until it has started; throws with its log if it does not.
    KafkaBroker() : KafkaBroker(Settings{}) {}
    explicit KafkaBroker(Settings const& settings);

    [[nodiscard]] std::string bootstrap() const;
    /// What the proxy shall forward to.
    [[nodiscard]] std::uint16_t proxied_port() const noexcept { return proxied_.number(); }

    /// kill -9, as a machine that goes; its data stays.
    void crash();
    /// The same broker again, after crash(). Does not wait.
    void begin_again();
    /// Waits until it has started; throws with its log if it does not.
    void await_start();

  private:
    TemporaryFolder folder_;
    ReservedPort client_;
    ReservedPort controller_;
    ReservedPort proxied_;
    std::vector<std::string> command_;
    std::unique_ptr<Process> process_;
    std::size_t starts_ = 0;
};

}  // namespace headrace::integration
