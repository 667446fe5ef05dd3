// What the lanes of a route share is used by several threads at once.
#include "fakes/manual_clock.hpp"
#include "flow/gate.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <thread>
#include <vector>

using namespace headrace;
using namespace std::chrono_literals;
using flow::Gate;

namespace {

constexpr std::uint32_t threads = 4;

template <class Work>
void on_threads(Work work) {
    std::vector<std::thread> all;
    for (std::uint32_t lane = 0; lane < threads; ++lane) {
        all.emplace_back([&work, lane] { work(lane); });
    }
    for (auto& one : all) {
        one.join();
    }
}

}  // namespace

TEST_CASE("lanes on several threads share one concurrency limit, and every permit comes back") {
    fakes::ManualClock clock;
    Gate gate({.is_adaptive = true, .concurrency_max = 64, .probe = 1s, .blocked_probe = 5s},
              clock.wall());
    std::atomic<bool> is_bounded{true};
    on_threads([&](std::uint32_t lane) {
        Random random(lane + 1);
        Gate::Claim claim;
        for (int i = 0; i < 3000; ++i) {
            std::vector<Gate::Request> sent;
            while (sent.size() < 24 && gate.try_acquire(claim, clock.now())) {
                sent.push_back(gate.begin_request(clock.now(), true));
            }
            clock.advance(1ms);
            for (auto const& request : sent) {
                auto const took = 1ms * (1 + sent.size()) / 2;
                Gate::Outcome const outcome{.now = clock.now(), .request = request, .took = took};
                auto const luck = random.unit();
                if (luck < 0.001) {
                    gate.on_throttled(outcome, 0s, "429");
                } else if (luck < 0.05) {
                    gate.on_failure(outcome, std::nullopt, "503", random);
                } else {
                    gate.on_success(outcome);
                }
                gate.release(claim);
            }
            auto const limit = gate.concurrency().limit();
            if (limit < 1 || limit > 64) is_bounded = false;
        }
    });
    CHECK(is_bounded);
    CHECK(gate.permits_taken() == 0);
    CHECK(gate.concurrency().latency_secs() > 0);
}

TEST_CASE("lanes on several threads together keep one rate") {
    fakes::ManualClock clock;
    flow::RateLimit limit({.requests_per_sec = 1000, .records_per_sec = 10'000});
    auto const start = clock.now();
    std::atomic<std::uint64_t> requests{0};
    on_threads([&](std::uint32_t lane) {
        for (int i = 0; i < 20'000; ++i) {
            if (limit.may_send(lane, true, clock.now())) {
                limit.on_sent(lane, 10, 100);
                ++requests;
            }
            clock.advance(10us);
        }
    });
    auto const elapsed = std::chrono::duration<double>(clock.now() - start).count();
    CHECK(static_cast<double>(requests) <= 1000 * elapsed + 101 + threads);
    CHECK(static_cast<double>(requests) >= 900 * elapsed);
}
