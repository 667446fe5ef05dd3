// Emulators and a mock Kafka for tests of commands that talk to them.
#pragma once

#include "base/clock.hpp"
#include "emulator/emulator_server.hpp"
#include "emulator/milvus.hpp"
#include "emulator/tecton.hpp"
#include "kafka/mock_cluster.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include <thread>

namespace headrace::commands_test {

class Doubles {
  public:
    Doubles() {
        auto const tecton_started = tecton.start();
        auto const milvus_started = milvus.start();
        REQUIRE(tecton_started);
        REQUIRE(milvus_started);
        tecton_port = *tecton_started;
        milvus_port = *milvus_started;
        thread_ = std::thread([this] { io_.run(); });
        auto made = kafka::MockCluster::make();
        REQUIRE(made);
        cluster = std::move(*made);
        REQUIRE(cluster->create_topic("clicks", 2));
        REQUIRE(cluster->create_topic("documents", 2));
    }
    ~Doubles() {
        io_.stop();
        thread_.join();
    }

  private:
    boost::asio::io_context io_{1};

  public:
    SystemClock clock;
    emulator::TectonServer tecton{
        io_.get_executor(),
        {},
        emulator::TectonEmulator(emulator::default_tecton_settings(), {clock.now(), clock.wall()}),
        clock};
    emulator::MilvusServer milvus{
        io_.get_executor(),
        {},
        emulator::MilvusEmulator(emulator::default_milvus_settings(), {clock.now(), clock.wall()}),
        clock};
    std::unique_ptr<kafka::MockCluster> cluster;
    int tecton_port = 0;
    int milvus_port = 0;

  private:
    std::thread thread_;
};

}  // namespace headrace::commands_test
