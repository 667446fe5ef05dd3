#include "harness/kafka_broker.hpp"

#include "harness/await.hpp"

#include <csignal>
#include <stdexcept>

namespace headrace::integration {
namespace {

std::string address(std::uint16_t port) {
    return "127.0.0.1:" + std::to_string(port);
}

std::size_t count(std::string const& text, std::string const& word) {
    std::size_t found = 0;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        ++found;
    }
    return found;
}

}  // namespace

KafkaBroker::KafkaBroker(Settings const& settings)
    : command_{HEADRACE_RUN_BROKER, folder_.path().string(), std::to_string(client_.number()),
               std::to_string(controller_.number())} {
    if (settings.proxy_port != 0) {
        auto const own = address(client_.number());
        command_.push_back("listeners=PLAINTEXT://" + own + ",CONTROLLER://" +
                           address(controller_.number()) + ",PROXIED://" +
                           address(proxied_.number()));
        command_.push_back("advertised.listeners=PLAINTEXT://" + own + ",PROXIED://" +
                           address(settings.proxy_port));
        command_.push_back(
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,"
            "PROXIED:PLAINTEXT");
    }
    command_.insert(command_.end(), settings.properties.begin(), settings.properties.end());
    begin_again();
    await_start();
}

std::string KafkaBroker::bootstrap() const {
    return address(client_.number());
}

void KafkaBroker::crash() {
    process_->signal(SIGKILL);
    std::ignore = process_->wait(patience);
}

void KafkaBroker::begin_again() {
    process_.reset();
    ++starts_;
    process_ = std::make_unique<Process>(command_, folder_.path() / "run-broker.log");
}

void KafkaBroker::await_start() {
    auto const log = [&] { return read_file(folder_.path() / "broker.log"); };
    bool const has_started = await(
        [&] { return count(log(), "Kafka Server started") >= starts_ || !process_->is_running(); });
    if (!has_started || !process_->is_running())
        throw std::runtime_error("Kafka did not start:\n" + process_->output() + log());
}

}  // namespace headrace::integration
