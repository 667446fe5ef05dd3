#include "kafka/fetch_plan.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::kafka {
namespace {

std::size_t bound(FetchPlan const& plan, std::size_t partitions) {
    return partitions * (plan.queue_kbytes * 1024 + plan.partition_fetch_bytes);
}

TEST_CASE("all partitions together stay within the prefetch share") {
    for (std::size_t const partitions : {1U, 4U, 16U, 64U}) {
        for (std::size_t const mebibytes : {4U, 16U, 64U, 512U}) {
            auto const share = mebibytes << 20;
            auto const plan = plan_fetches(
                {.prefetch_bytes = share, .partitions = partitions, .message_bytes_max = 0});
            INFO(partitions << " partitions, " << mebibytes << " MiB");
            CHECK(bound(plan, partitions) <= share);
            CHECK(plan.partition_fetch_bytes >= 16 * 1024);
            CHECK(plan.partition_fetch_bytes <= 256 * 1024);
            CHECK(plan.response_bytes >= plan.partition_fetch_bytes);
            CHECK(plan.queue_records_min >= 100);
        }
    }
}

TEST_CASE("a share too small for its partitions gets the floors") {
    auto const plan =
        plan_fetches({.prefetch_bytes = 1024, .partitions = 1000, .message_bytes_max = 0});
    CHECK(plan.partition_fetch_bytes == 16 * 1024);
    CHECK(plan.queue_kbytes == 1);
    CHECK(plan.queue_records_min == 100);
}

TEST_CASE("a fetch is not larger than the largest request") {
    FetchInput input{.prefetch_bytes = 64 << 20, .partitions = 1, .message_bytes_max = 40'000};
    CHECK(plan_fetches(input).partition_fetch_bytes == 40'000);
    input.message_bytes_max = 100;
    CHECK(plan_fetches(input).partition_fetch_bytes == 16 * 1024);
}

TEST_CASE("extreme shares stay within what librdkafka takes") {
    auto const plan = plan_fetches(
        {.prefetch_bytes = std::size_t{1} << 44, .partitions = 0, .message_bytes_max = 0});
    CHECK(plan.queue_kbytes == 2'097'151);
    CHECK(plan.response_bytes == 50 << 20);
    CHECK(plan.queue_records_min == 100'000);
}

}  // namespace
}  // namespace headrace::kafka
