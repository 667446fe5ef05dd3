#include "flow/lane.hpp"

#include "fakes/scripted_sink.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <thread>

using namespace headrace;
using namespace std::chrono_literals;
using flow::Fate;
using flow::Lane;

namespace {

flow::TopicPartition const origin{"clicks", 0, 11};

/// A lane on a thread of its own; the test plays the consumer thread.
struct World {
    SystemClock clock;
    boost::asio::io_context io{1};
    fakes::ScriptedSink sink;
    flow::Gate gate{{.is_adaptive = true,
                     .concurrency_max = 16,
                     .probe = 20ms,
                     .blocked_probe = 20ms,
                     .failures_to_break = 5},
                    clock.wall()};
    std::atomic<int> wakes{0};
    Lane lane{{.order = flow::Order::key,
               .batch_size = 10,
               .batch_bytes = 1 << 20,
               .linger = 1ms,
               .max_retries = 3,
               .bury_after_retries = false,
               .backoff = {1ms, 10ms},
               .blocked_probe = 20ms,
               .lane = 0,
               .seed = 1},
              {io, sink, gate, clock, [](flow::Severity, std::string_view, std::string const&) {},
               [this] { ++wakes; }}};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
        io.get_executor()};
    std::thread worker{[this] { io.run(); }};

    ~World() {
        work.reset();
        io.stop();
        worker.join();
    }
    void give(std::uint64_t sequence, std::optional<std::string_view> value) {
        flow::LaneMessage message;
        message.record = flow::make_record(origin, static_cast<flow::Offset>(sequence),
                                           "k" + std::to_string(sequence % 100), value);
        message.record.ticket.sequence = sequence;
        while (!lane.link().inbound.try_push(std::move(message))) {
            lane.notify();
            std::this_thread::yield();
        }
    }
    /// Takes outcomes until there are `count`, or ten seconds have passed.
    std::vector<flow::Outcome> take(std::size_t count) {
        std::vector<flow::Outcome> out;
        auto const deadline = clock.now() + 10s;
        while (out.size() < count && clock.now() < deadline) {
            if (auto outcome = lane.link().outbound.try_pop()) {
                out.push_back(std::move(*outcome));
            } else {
                if (lane.link().is_outbound_blocked.exchange(false)) lane.notify();
                std::this_thread::yield();
            }
        }
        return out;
    }
};

}  // namespace

TEST_CASE("a lane writes what it is given and hands every record back once") {
    World world;
    constexpr std::uint64_t count = 20'000;
    std::vector<bool> seen(count);
    std::thread consumer([&] {
        for (std::uint64_t i = 0; i < count; ++i) {
            world.give(i, "v");
            if (i % 64 == 0) world.lane.notify();
        }
        world.lane.notify();
    });
    auto const outcomes = world.take(count);
    consumer.join();
    REQUIRE(outcomes.size() == count);
    for (auto const& outcome : outcomes) {
        REQUIRE(outcome.fate == Fate::written);
        REQUIRE_FALSE(seen[outcome.ticket.sequence]);
        seen[outcome.ticket.sequence] = true;
    }
    CHECK(world.lane.stats().write_requests.value() >= count / 10);
}

TEST_CASE("a lane retries by its timer, without being told") {
    World world;
    world.sink.answers = {
        {.verdict = flow::Verdict::retry, .reason = flow::FailureReason::server_error},
        {.verdict = flow::Verdict::retry, .reason = flow::FailureReason::timeout}};
    world.give(0, "v");
    world.lane.notify();
    auto const outcomes = world.take(1);
    REQUIRE(outcomes.size() == 1);
    CHECK(outcomes[0].fate == Fate::written);
    CHECK(world.lane.stats().write_requests.value() == 3);
}

TEST_CASE("a sleeping consumer is woken by an outcome, and only if it asked") {
    World world;
    world.give(0, "v");
    world.lane.notify();
    CHECK(world.take(1).size() == 1);
    CHECK(world.wakes == 0);
    world.lane.link().wake_at = 1;
    world.give(1, "v");
    world.lane.notify();
    // Asleep, it takes nothing: what is gone when the lane counts what waits wakes nobody.
    auto const deadline = world.clock.now() + 10s;
    while (world.wakes == 0 && world.clock.now() < deadline) {
        std::this_thread::yield();
    }
    CHECK(world.take(1).size() == 1);
    CHECK(world.wakes == 1);
    CHECK(world.lane.link().wake_at == 0);
}

TEST_CASE("a consumer that waits for room is woken when as many outcomes wait as it asked for") {
    World world;
    world.lane.link().wake_at = 3;
    for (int i = 0; i < 3; ++i) {
        CHECK(world.wakes == 0);
        world.give(i, "v");
        world.lane.notify();
        auto const deadline = world.clock.now() + 10s;
        auto const handed_back = static_cast<std::size_t>(i) + 1;
        while (world.lane.link().outbound.size() < handed_back && world.clock.now() < deadline) {
            std::this_thread::yield();
        }
        REQUIRE(world.lane.link().outbound.size() == handed_back);
    }
    auto const deadline = world.clock.now() + 10s;
    while (world.wakes == 0 && world.clock.now() < deadline) {
        std::this_thread::yield();
    }
    CHECK(world.wakes == 1);
}

TEST_CASE("a consumer that sleeps with records open is woken when the lane has none left") {
    World world;
    world.sink.answers = {
        {.verdict = flow::Verdict::retry, .reason = flow::FailureReason::server_error}};
    world.lane.link().wants_idle_wake = true;
    world.give(0, "v");
    world.lane.notify();
    CHECK(world.take(1).size() == 1);
    auto const deadline = world.clock.now() + 10s;
    while (world.wakes == 0 && world.clock.now() < deadline) {
        std::this_thread::yield();
    }
    CHECK(world.wakes == 1);  // Not by the attempt that failed: a record waited then.
    CHECK(world.lane.link().is_idle);
    CHECK_FALSE(world.lane.link().wants_idle_wake);
}

TEST_CASE("a lane whose outcomes find no room keeps them until there is some") {
    World world;
    constexpr std::size_t count = flow::LaneLink::outbound_capacity + 1000;
    for (std::uint64_t i = 0; i < count; ++i) {
        world.give(i, std::nullopt);
    }
    world.lane.notify();
    auto const deadline = world.clock.now() + 10s;
    while (!world.lane.link().is_outbound_blocked && world.clock.now() < deadline) {
        std::this_thread::yield();
    }
    CHECK(world.lane.link().is_outbound_blocked);
    CHECK(world.take(count).size() == count);
}

TEST_CASE("a target is prepared through the sink before its records go") {
    World world;
    world.sink.unready = {"clicks"};
    world.give(0, "v");
    world.lane.notify();
    CHECK(world.take(1).size() == 1);
    CHECK(world.lane.stats().check_requests.value() == 1);
}

TEST_CASE("a closed lane begins nothing more and says when it may be destroyed") {
    World world;
    world.sink.answers = {
        {.verdict = flow::Verdict::retry, .reason = flow::FailureReason::server_error}};
    world.give(0, "v");
    world.lane.notify();
    std::atomic<bool> is_gone{false};
    // The retry's timer may run now, be due, or be over.
    boost::asio::post(world.io, [&] { world.lane.close([&] { is_gone = true; }); });
    auto const deadline = world.clock.now() + 10s;
    while (!is_gone && world.clock.now() < deadline) {
        std::this_thread::yield();
    }
    REQUIRE(is_gone);
    auto const requests = world.lane.stats().write_requests.value();
    world.give(1, "v");
    world.lane.notify();
    std::atomic<bool> is_later{false};
    boost::asio::post(world.io, [&] { is_later = true; });
    while (!is_later && world.clock.now() < deadline) {
        std::this_thread::yield();
    }
    CHECK(world.lane.stats().write_requests.value() == requests);
}
