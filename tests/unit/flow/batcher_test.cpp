#include "flow/batcher.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using namespace std::chrono_literals;
using flow::Batcher;
using flow::BatcherSettings;

namespace {

flow::TopicPartition const origin{"t", 0, 1};
TimePoint const start{1h};

BatcherSettings tecton() {
    return {.records_per_target_max = 10,
            .targets_max = 3,
            .bytes_max = 1000,
            .envelope_bytes = 100,
            .linger = 50ms};
}

void add(Batcher& batcher, flow::TargetId target, std::uint32_t bytes, TimePoint now = start) {
    auto record = flow::make_record(origin, 0, "k", "v");
    record.target = target;
    record.encoded_bytes = bytes;
    auto* batch = batcher.find(target, bytes);
    if (batch == nullptr) batch = &batcher.open_batch(target, now);
    batcher.add(*batch, std::move(record));
}

std::size_t count(flow::Batch const& batch, flow::TargetId target) {
    std::size_t found = 0;
    for (auto const& record : batch.part().records) {
        found += record.target == target ? 1 : 0;
    }
    return found;
}

}  // namespace

TEST_CASE("a batch closes at its count, and no request holds more of a target") {
    Batcher batcher(tecton());
    for (int i = 0; i < 9; ++i) {
        add(batcher, 1, 1);
    }
    CHECK_FALSE(batcher.has_ready(start));
    for (int i = 0; i < 3; ++i) {
        add(batcher, 1, 1);
    }
    auto const batch = batcher.take(start);
    REQUIRE(batch);
    CHECK(count(*batch, 1) == 10);
    CHECK_FALSE(batcher.take(start));
    CHECK(batcher.records() == 2);
}

TEST_CASE("a full batch goes on taking records of its other targets until it is sent") {
    Batcher batcher(tecton());
    for (int i = 0; i < 25; ++i) {
        add(batcher, 1, 1);
    }
    for (int i = 0; i < 12; ++i) {
        add(batcher, 2, 1);
    }
    auto const first = batcher.take(start);
    auto const second = batcher.take(start);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(count(*first, 1) == 10);
    CHECK(count(*first, 2) == 10);
    CHECK(count(*second, 1) == 10);
    CHECK(count(*second, 2) == 2);
}

TEST_CASE("a request carries no more targets than the sink takes") {
    Batcher batcher(tecton());
    for (flow::TargetId target = 1; target <= 4; ++target) {
        add(batcher, target, 1);
    }
    CHECK(batcher.open() == 2);
}

TEST_CASE("a batch closes when the next record would pass its bytes") {
    Batcher batcher(tecton());
    add(batcher, 1, 500);
    add(batcher, 1, 300);
    CHECK_FALSE(batcher.has_ready(start));
    add(batcher, 1, 200);  // 100 + 500 + 300 + 200 > 1000.
    auto const batch = batcher.take(start);
    REQUIRE(batch);
    CHECK(batch->part().records.size() == 2);
    CHECK(batcher.records() == 1);
}

TEST_CASE("an empty batch takes any record") {
    Batcher batcher(tecton());
    add(batcher, 1, 5000);
    auto const batch = batcher.take(start);
    REQUIRE(batch);
    CHECK(batch->part().records.size() == 1);
}

TEST_CASE("a short batch leaves when its oldest record has lingered") {
    Batcher batcher(tecton());
    add(batcher, 1, 1);
    CHECK(batcher.next_due() == start + 50ms);
    CHECK_FALSE(batcher.take(start + 49ms));
    CHECK(batcher.take(start + 50ms));
    CHECK_FALSE(batcher.next_due());
}

TEST_CASE("a busy target does not starve a quiet one") {
    Batcher batcher({.records_per_target_max = 10,
                     .targets_max = 1,
                     .bytes_max = 10000,
                     .envelope_bytes = 0,
                     .linger = 50ms});
    add(batcher, 1, 1);
    for (int i = 0; i < 30; ++i) {
        add(batcher, 2, 1, start + 10ms);
    }
    auto const batch = batcher.take(start + 50ms);
    REQUIRE(batch);
    CHECK(count(*batch, 1) == 1);
}

TEST_CASE("removed records leave their batch, and an empty batch disappears") {
    Batcher batcher(tecton());
    for (int i = 0; i < 15; ++i) {
        add(batcher, 1, 1);
    }
    std::vector<flow::Record> out;
    batcher.remove([](flow::Record const&) { return true; }, out);
    CHECK(out.size() == 15);
    CHECK(batcher.open() == 0);
    CHECK(batcher.records() == 0);
    CHECK_FALSE(batcher.take(start + 1h));
}

TEST_CASE("a recycled batch comes back empty") {
    Batcher batcher(tecton());
    for (int i = 0; i < 10; ++i) {
        add(batcher, 1, 1);
    }
    auto batch = batcher.take(start);
    auto const id = batch->id;
    batch->part().failures = 3;
    batcher.recycle(std::move(batch));
    add(batcher, 1, 1);
    batch = batcher.take(start + 50ms);
    REQUIRE(batch);
    CHECK(batch->id > id);
    CHECK(batch->part().records.size() == 1);
    CHECK(batch->part().failures == 0);
    CHECK_FALSE(batch->is_full);
}

TEST_CASE("records of old batches let go of Kafka's buffers") {
    Batcher batcher(tecton());
    add(batcher, 1, 1, start);
    add(batcher, 1, 1, start);
    batcher.detach_older(start);
    auto batch = batcher.take(start + 50ms);
    CHECK_FALSE(batch->part().records[0].is_detached());
    add(batcher, 1, 1, start);
    batcher.detach_older(start + 1ms);
    batch = batcher.take(start + 50ms);
    CHECK(batch->part().records[0].is_detached());
}
