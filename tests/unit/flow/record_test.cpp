#include "flow/record.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using flow::Header;

namespace {
flow::TopicPartition const origin{"clicks", 3, 7};
int destroyed = 0;
}  // namespace

TEST_CASE(
    "a detached record keeps key, value and headers, and lets go of the first memory at once") {
    static constexpr flow::RecordHandle::Operations operations{
        [](void*) noexcept { ++destroyed; },
        [](void const*, std::vector<Header>& out) {
            out.push_back({"a", "1"});
            out.push_back({"empty", std::nullopt});
        }};
    destroyed = 0;
    int object = 0;
    std::string key = "k";
    std::string value = "v";
    flow::Record record;
    record.origin = &origin;
    record.key = key;
    record.value = value;
    record.handle = flow::RecordHandle(&object, &operations);
    record.detach();
    CHECK(destroyed == 1);
    key = "x";
    value = "y";
    CHECK(record.key == "k");
    CHECK(record.value == "v");
    REQUIRE(record.headers().size() == 2);
    std::string memory;
    CHECK(record.find_header("a", memory) == "1");
    CHECK_FALSE(record.find_header("empty", memory));
    CHECK_FALSE(record.find_header("missing", memory));
    record.detach();
    CHECK(destroyed == 1);
}

TEST_CASE("a tombstone and an absent key stay absent, an empty value stays empty") {
    auto record = flow::make_record(origin, 5, std::nullopt, std::nullopt);
    record.detach();
    CHECK_FALSE(record.key);
    CHECK_FALSE(record.value);
    auto const empty = flow::make_record(origin, 6, "", "");
    CHECK(empty.key == "");
    CHECK(empty.value == "");
}

TEST_CASE("of equal header names the last one counts") {
    auto const record =
        flow::make_record(origin, 5, "k", "v", {{"name", "first"}, {"name", "last"}});
    std::string memory;
    CHECK(record.find_header("name", memory) == "last");
}

TEST_CASE("a moved handle is destroyed once") {
    static constexpr flow::RecordHandle::Operations operations{
        [](void*) noexcept { ++destroyed; }, [](void const*, std::vector<Header>&) {}};
    destroyed = 0;
    int object = 0;
    {
        flow::RecordHandle first(&object, &operations);
        flow::RecordHandle second(std::move(first));
        CHECK_FALSE(first.has_value());
        second = flow::RecordHandle(&object, &operations);
        CHECK(destroyed == 1);
    }
    CHECK(destroyed == 2);
}
