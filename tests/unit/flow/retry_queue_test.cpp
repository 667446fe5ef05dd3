#include "flow/retry_queue.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using namespace std::chrono_literals;

namespace {
TimePoint const start{1h};
std::unique_ptr<flow::Batch> batch(flow::BatchId id, Duration due) {
    auto made = std::make_unique<flow::Batch>();
    made->id = id;
    made->due = start + due;
    return made;
}
}  // namespace

TEST_CASE("batches come back in the order in which they are due, and not before") {
    flow::RetryQueue queue;
    queue.push(batch(1, 30ms));
    queue.push(batch(2, 10ms));
    queue.push(batch(3, 10ms));
    CHECK(queue.next_due() == start + 10ms);
    CHECK_FALSE(queue.take_due(start + 9ms));
    CHECK(queue.take_due(start + 10ms)->id == 2);
    CHECK(queue.take_due(start + 10ms)->id == 3);
    CHECK_FALSE(queue.take_due(start + 10ms));
    CHECK(queue.take_first()->id == 1);
    CHECK(queue.empty());
    CHECK_FALSE(queue.take_first());
    CHECK_FALSE(queue.next_due());
}

TEST_CASE("after a recovery nothing sits out its backoff") {
    flow::RetryQueue queue;
    queue.push(batch(1, 30s));
    queue.push(batch(2, 20s));
    queue.hurry(start);
    CHECK(queue.take_due(start)->id == 1);
    CHECK(queue.take_due(start)->id == 2);
}

TEST_CASE("batches can be taken out by what they hold") {
    flow::RetryQueue queue;
    for (flow::BatchId id = 1; id <= 4; ++id) {
        queue.push(batch(id, 10ms));
    }
    auto const taken = queue.take_if([](flow::Batch& candidate) { return candidate.id % 2 == 0; });
    CHECK(taken.size() == 2);
    CHECK(queue.size() == 2);
    CHECK(queue.take_first()->id == 1);
    CHECK(queue.take_first()->id == 3);
}
