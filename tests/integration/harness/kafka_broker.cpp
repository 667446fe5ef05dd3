#include "harness/kafka_broker.hpp"

#include "harness/await.hpp"

#include <stdexcept>

namespace headrace::integration {

KafkaBroker::KafkaBroker(std::vector<std::string> const& properties) {
    std::vector<std::string> arguments{HEADRACE_RUN_BROKER, folder_.path().string()};
    arguments.insert(arguments.end(), properties.begin(), properties.end());
    process_ = std::make_unique<Process>(arguments, folder_.path() / "run-broker.log");
    auto const log = [&] { return read_file(folder_.path() / "broker.log"); };
    bool const has_started = await([&] {
        return log().find("Kafka Server started") != std::string::npos || !process_->is_running();
    });
    if (!has_started || !process_->is_running())
        throw std::runtime_error("Kafka did not start:\n" + process_->output() + log());
    bootstrap_ = read_file(folder_.path() / "address");
    bootstrap_.resize(bootstrap_.find_last_not_of('\n') + 1);
}

}  // namespace headrace::integration
