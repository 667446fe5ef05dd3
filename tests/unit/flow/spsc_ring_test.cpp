#include "flow/spsc_ring.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

using headrace::flow::SpscRing;

TEST_CASE("a full ring refuses and leaves the value with the caller") {
    SpscRing<std::unique_ptr<int>> ring(2);
    CHECK(ring.room() == 2);
    CHECK(ring.try_push(std::make_unique<int>(1)));
    CHECK(ring.try_push(std::make_unique<int>(2)));
    auto third = std::make_unique<int>(3);
    CHECK_FALSE(ring.try_push(std::move(third)));
    REQUIRE(third);
    CHECK(ring.size() == 2);
    CHECK(**ring.try_pop() == 1);
    CHECK(ring.try_push(std::move(third)));
    CHECK(**ring.try_pop() == 2);
    CHECK(**ring.try_pop() == 3);
    CHECK_FALSE(ring.try_pop());
}

TEST_CASE("values left in the ring are destroyed with it") {
    auto const value = std::make_shared<int>(1);
    {
        SpscRing<std::shared_ptr<int>> ring(4);
        auto copy = value;
        CHECK(ring.try_push(std::move(copy)));
        CHECK(value.use_count() == 2);
    }
    CHECK(value.use_count() == 1);
}

TEST_CASE("consuming hands over the oldest values where they stand, and no more than asked for") {
    SpscRing<std::shared_ptr<int>> ring(4);
    auto const value = std::make_shared<int>(1);
    for (int i = 0; i < 4; ++i)
        CHECK(ring.try_emplace(value));
    CHECK_FALSE(ring.try_emplace(value));
    CHECK(value.use_count() == 5);
    int seen = 0;
    auto const look = [&](std::shared_ptr<int>&& taken) { seen += *taken; };
    CHECK(ring.consume(3, look) == 3);
    // What was not moved out ends in the ring.
    CHECK(value.use_count() == 2);
    CHECK(ring.room() == 3);
    CHECK(ring.consume(3, look) == 1);
    CHECK(ring.consume(3, look) == 0);
    CHECK(seen == 4);
}

TEST_CASE("each value that is consumed is shown once before its turn, and no other") {
    SpscRing<int> ring(16);
    for (int i = 1; i <= 10; ++i)
        CHECK(ring.try_emplace(i));
    std::vector<int> shown;
    std::vector<int> taken;
    auto const take = [&](int&& value) {
        CHECK(std::ranges::find(shown, value) != shown.end());
        taken.push_back(value);
    };
    auto const foresee = [&](int const& value) { shown.push_back(value); };
    CHECK(ring.consume(9, take, foresee) == 9);
    CHECK(taken == std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9});
    CHECK(shown == taken);
    CHECK(ring.consume(9, take, foresee) == 1);
    CHECK(shown.back() == 10);
    CHECK(ring.consume(9, take, foresee) == 0);
    CHECK(shown.size() == 10);
}

TEST_CASE("every value crosses between two threads once and in order") {
    constexpr int count = 200'000;
    SpscRing<std::unique_ptr<int>> ring(64);
    std::thread producer([&] {
        for (int i = 0; i < count; ++i) {
            auto value = std::make_unique<int>(i);
            while (!ring.try_push(std::move(value))) {
                std::this_thread::yield();
            }
        }
    });
    int expected = 0;
    bool is_in_order = true;
    auto const check = [&](std::unique_ptr<int> const& value) {
        is_in_order = is_in_order && value && *value == expected;
        ++expected;
    };
    while (expected < count) {
        // Both ways to take, in turn.
        if (auto const value = ring.try_pop()) check(*value);
        if (ring.consume(7, check) == 0) std::this_thread::yield();
    }
    producer.join();
    CHECK(is_in_order);
    CHECK(ring.size() == 0);
}
