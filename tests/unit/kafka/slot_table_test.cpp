#include "kafka/slot_table.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::kafka {
namespace {

TEST_CASE("an origin is the same object for ever, and different partitions hash differently") {
    SlotTable table;
    auto const* const origin = table.intern("clicks", 1);
    CHECK(table.intern("clicks", 1) == origin);
    CHECK(table.intern("clicks", 2) != origin);
    CHECK(table.intern("clicks", 2)->hash != origin->hash);
    CHECK(table.intern("docs", 1)->hash != origin->hash);
    table.remove(table.add(origin, 5));
    CHECK(table.intern("clicks", 1) == origin);
}

TEST_CASE("slots are used again, and a free one has no state") {
    SlotTable table;
    auto const one = table.add(table.intern("clicks", 1), 5);
    auto const two = table.add(table.intern("clicks", 2), 6);
    CHECK(table.find("clicks", 2) == two);
    CHECK_FALSE(table.find("clicks", 3).has_value());
    CHECK(table.state(one)->position == 5);
    table.remove(one);
    CHECK(table.state(one) == nullptr);
    CHECK(std::as_const(table).state(99) == nullptr);
    CHECK_FALSE(table.find("clicks", 1).has_value());
    CHECK(table.all() == std::vector<flow::Slot>{two});
    CHECK(table.add(table.intern("clicks", 3), 7) == one);
    CHECK(table.state(one)->asked_end == -1);
}

TEST_CASE("a gap is loss only below the partition's first offset") {
    CHECK_FALSE(expired_between(10, 10, 50).has_value());
    CHECK_FALSE(expired_between(10, 20, 5).has_value());
    CHECK_FALSE(expired_between(10, 20, -1).has_value());
    auto const lost = expired_between(10, 50, 50);
    REQUIRE(lost.has_value());
    CHECK(lost->from == 10);
    CHECK(lost->to == 50);
    CHECK(expired_between(10, 40, 50)->to == 40);
    auto const back = expired_between(100, 0, 0);
    REQUIRE(back.has_value());
    CHECK(back->from == 100);
    CHECK(back->to == 0);
}

}  // namespace
}  // namespace headrace::kafka
