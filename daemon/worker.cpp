#include "worker.hpp"

#include "base/thread_name.hpp"

#include <string>

namespace headrace {
namespace {

constexpr Duration beat_interval = std::chrono::seconds(1);

}  // namespace

Worker::Worker(Clock const& clock, unsigned number) : clock_(clock), number_(number) {}

Worker::~Worker() {
    stop();
}

void Worker::start() {
    beat();
    thread_ = std::thread([this] {
        name_thread("hr-worker-", std::to_string(number_));
        io_.run();
    });
}

void Worker::stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
}

void Worker::beat() {
    heartbeat_.beat(clock_.now());
    timer_.expires_after(beat_interval);
    timer_.async_wait([this](boost::system::error_code error) {
        if (!error) beat();
    });
}

}  // namespace headrace
