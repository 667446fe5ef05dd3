#include "kafka/wake_signal.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <thread>
#include <unistd.h>

namespace headrace::kafka {
namespace {

using namespace std::chrono_literals;

TEST_CASE("many wakes end one wait") {
    WakeSignal signal;
    REQUIRE(signal.descriptor() != -1);
    for (int i = 0; i != 5; ++i)
        signal.wake();
    CHECK(signal.wait(10s));
    CHECK_FALSE(signal.wait(1ms));
    CHECK_FALSE(signal.wait(-5ms));
    signal.wake();
    CHECK(signal.wait(0ms));
}

TEST_CASE("what librdkafka writes ends a wait as well") {
    WakeSignal signal;
    std::uint64_t const one = 1;
    REQUIRE(::write(signal.descriptor(), &one, sizeof one) == sizeof one);
    CHECK(signal.wait(10s));
    CHECK_FALSE(signal.wait(0ms));
}

TEST_CASE("a wake from another thread is never missed") {
    WakeSignal signal;
    for (int i = 0; i != 200; ++i) {
        std::thread waker([&] { signal.wake(); });
        CHECK(signal.wait(10s));
        waker.join();
        signal.wait(0ms);
    }
}

}  // namespace
}  // namespace headrace::kafka
