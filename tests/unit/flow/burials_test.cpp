#include "flow/burials.hpp"

#include "fakes/memory_dead_letters.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using namespace std::chrono_literals;
using flow::Burials;

namespace {

flow::TopicPartition const origin{"clicks", 3, 7};
TimePoint const start{1h};

std::unique_ptr<flow::Burial> burial(flow::Offset offset) {
    auto made = std::make_unique<flow::Burial>();
    made->record = flow::make_record(origin, offset, "k", "v");
    made->report.refusal = {flow::Stage::decode, "invalid_json", "", "unexpected end"};
    return made;
}

struct Listener final : flow::DeadLettersListener {
    Burials& burials;
    int acknowledged = 0;
    explicit Listener(Burials& of) : burials(of) {}
    void on_acknowledged(std::uint64_t token) override {
        acknowledged += burials.acknowledge(token) ? 1 : 0;
    }
    void on_failed(std::uint64_t token, Error const& error) override {
        burials.fail(token, error, start);
    }
};

}  // namespace

TEST_CASE("an acknowledged dead letter is handed back once") {
    fakes::MemoryDeadLetters topic;
    Burials burials(&topic, 5s);
    Listener listener(burials);
    burials.add(burial(1), start);
    topic.serve(listener);
    topic.serve(listener);
    CHECK(listener.acknowledged == 1);
    CHECK(burials.size() == 0);
    CHECK_FALSE(burials.stopped());
    CHECK_FALSE(burials.acknowledge(1));
}

TEST_CASE("without a dead-letter topic the route stops and names the offset and what to do") {
    Burials burials(nullptr, 5s);
    burials.add(burial(42), start);
    REQUIRE(burials.stopped());
    CHECK(burials.stopped()->find("clicks[3] offset 42") != std::string::npos);
    CHECK(burials.stopped()->find("dead_letters.topic") != std::string::npos);
    CHECK(burials.next_retry() == start + 5s);
    burials.retry_due(start + 5s);
    CHECK(burials.next_retry() == start + 10s);
}

TEST_CASE("an unusable topic stops the route until it takes every waiting record") {
    fakes::MemoryDeadLetters topic;
    topic.produce_error = Error{ErrorCode::kafka, "unknown topic"};
    Burials burials(&topic, 5s);
    Listener listener(burials);
    burials.add(burial(1), start);
    burials.add(burial(2), start);
    CHECK(burials.stopped()->find("unknown topic") != std::string::npos);
    burials.retry_due(start + 4s);
    topic.produce_error.reset();
    burials.retry_due(start + 4s);
    CHECK(burials.stopped());
    burials.retry_due(start + 5s);
    topic.serve(listener);
    CHECK(listener.acknowledged == 2);
    CHECK_FALSE(burials.stopped());
    CHECK_FALSE(burials.next_retry());
}

TEST_CASE("a delivery that fails later is tried again") {
    fakes::MemoryDeadLetters topic;
    topic.delivery_error = Error{ErrorCode::timeout, "no acknowledgement in 30 s"};
    Burials burials(&topic, 5s);
    Listener listener(burials);
    burials.add(burial(1), start);
    topic.serve(listener);
    CHECK(burials.stopped());
    topic.delivery_error.reset();
    burials.retry_due(start + 5s);
    topic.serve(listener);
    CHECK(listener.acknowledged == 1);
    CHECK_FALSE(burials.stopped());
}

TEST_CASE("burials of a lost partition can be taken out, started or not") {
    fakes::MemoryDeadLetters topic;
    Burials burials(&topic, 5s);
    Listener listener(burials);
    burials.add(burial(1), start);
    topic.produce_error = Error{ErrorCode::kafka, "unknown topic"};
    burials.add(burial(2), start);
    auto const waiting =
        burials.take_if([](flow::Burial const&, bool is_started) { return !is_started; });
    REQUIRE(waiting.size() == 1);
    CHECK(waiting[0]->record.offset == 2);
    CHECK_FALSE(burials.stopped());
    CHECK(burials.take_if([](flow::Burial const&, bool) { return true; }).size() == 1);
    topic.serve(listener);
    CHECK(listener.acknowledged == 0);
}
