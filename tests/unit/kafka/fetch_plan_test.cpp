#include "kafka/fetch_plan.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::kafka {
namespace {

/// What may lie in the queue, be held, and be on its way at most.
std::size_t bound(FetchPlan const& plan, std::size_t brokers) {
    return plan.queue_kbytes * 1024 + plan.queue_records * 1024 + plan.held_bytes +
           brokers * plan.response_bytes * expansion_assumed;
}

TEST_CASE("queue, held records and compressed answers together stay within the prefetch share") {
    for (std::size_t const brokers : {1U, 3U, 12U}) {
        for (std::size_t const mebibytes : {32U, 64U, 512U}) {
            auto const share = mebibytes << 20;
            auto const plan =
                plan_fetches({.prefetch_bytes = share, .brokers = brokers, .message_bytes_max = 0});
            INFO(brokers << " brokers, " << mebibytes << " MiB");
            CHECK(bound(plan, brokers) <= share);
            CHECK(plan.response_bytes <= 1024 * 1024);
            CHECK(plan.partition_fetch_bytes <= 256 * 1024);
            CHECK(plan.response_bytes >= plan.partition_fetch_bytes);
        }
    }
}

TEST_CASE("a share too small for its brokers gets the floors") {
    auto const plan =
        plan_fetches({.prefetch_bytes = 1024, .brokers = 1000, .message_bytes_max = 0});
    CHECK(plan.response_bytes == 16 * 1024);
    CHECK(plan.partition_fetch_bytes == 16 * 1024);
    CHECK(plan.queue_kbytes == 16);
    CHECK(plan.queue_records == 100);
}

TEST_CASE("a fetch is not larger than the largest request") {
    FetchInput input{.prefetch_bytes = 64 << 20, .brokers = 1, .message_bytes_max = 40'000};
    CHECK(plan_fetches(input).partition_fetch_bytes == 40'000);
    input.message_bytes_max = 100;
    CHECK(plan_fetches(input).partition_fetch_bytes == 16 * 1024);
}

TEST_CASE("extreme shares stay within what librdkafka takes") {
    auto const plan = plan_fetches(
        {.prefetch_bytes = std::size_t{1} << 44, .brokers = 0, .message_bytes_max = 0});
    CHECK(plan.queue_kbytes == 2'097'151);
    CHECK(plan.response_bytes == 1 << 20);
    CHECK(plan.queue_records == 100'000);
}

}  // namespace
}  // namespace headrace::kafka
