#include "flow/order_locks.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using flow::OrderLocks;

namespace {
flow::TopicPartition const origin{"t", 0, 1};
flow::Record record(flow::Offset offset, std::uint64_t hash) {
    auto made = flow::make_record(origin, offset, "k", "v");
    made.order_hash = hash;
    return made;
}
}  // namespace

TEST_CASE("records of one key may join the batch that carries them, and no other") {
    OrderLocks locks;
    CHECK(locks.try_join(7, 1));
    CHECK(locks.try_join(7, 1));
    CHECK_FALSE(locks.try_join(7, 2));
    CHECK(locks.open(7) == 2);
    CHECK_FALSE(locks.unlock(7));
    locks.disown(7);
    CHECK_FALSE(locks.try_join(7, 1));
    CHECK_FALSE(locks.try_join(7, 0));
    locks.move(7, 3);
    CHECK(locks.try_join(7, 3));
    CHECK(locks.open(7) == 2);
}

TEST_CASE("waiting records leave in order, once the earlier ones are settled") {
    OrderLocks locks;
    locks.lock(7, 1);
    locks.wait(record(1, 7));
    locks.wait(record(2, 7));
    CHECK(locks.waiting() == 2);
    CHECK_FALSE(locks.try_join(7, 1));  // It would overtake those that wait.
    CHECK_FALSE(locks.first_may_join(7, 2));
    REQUIRE(locks.unlock(7));
    REQUIRE(locks.first_may_join(7, 2));
    CHECK(locks.take_first(7).offset == 1);
    locks.lock(7, 2);
    CHECK(locks.first_may_join(7, 2));
    CHECK_FALSE(locks.first_may_join(7, 3));
    CHECK(locks.take_first(7).offset == 2);
    locks.lock(7, 2);
    CHECK(locks.open(7) == 2);
    CHECK_FALSE(locks.unlock(7));
    CHECK_FALSE(locks.unlock(7));
    CHECK_FALSE(locks.is_locked(7));
}

TEST_CASE("a key that is open in two places can be joined in neither") {
    OrderLocks locks;
    locks.lock(7, 1);
    locks.lock(7, 0);
    CHECK_FALSE(locks.try_join(7, 1));
}

TEST_CASE("unwanted waiting records are taken out and the order of the others is kept") {
    OrderLocks locks;
    locks.lock(7, 1);
    for (int i = 1; i <= 5; ++i) {
        locks.wait(record(i, 7));
    }
    std::vector<flow::Record> out;
    locks.remove_waiting([](flow::Record const& waiting) { return waiting.offset % 2 == 1; }, out);
    CHECK(out.size() == 3);
    CHECK(locks.waiting() == 2);
    CHECK(locks.unlock(7));
    CHECK(locks.take_first(7).offset == 2);
    CHECK(locks.take_first(7).offset == 4);
    locks.settle_empty(7);
    CHECK_FALSE(locks.is_locked(7));
    CHECK(locks.first(7) == nullptr);
}

TEST_CASE("a record that waits lets go of its fetch buffer once it was here for two looks") {
    OrderLocks locks;
    locks.lock(7, 1);
    locks.wait(record(1, 7));
    locks.detach_old();
    locks.wait(record(2, 7));
    CHECK_FALSE(locks.first(7)->is_detached());

    locks.detach_old();

    CHECK(locks.unlock(7));
    CHECK(locks.take_first(7).is_detached());
    CHECK_FALSE(locks.take_first(7).is_detached());
    // The place of a record that is gone is no older than who comes into it.
    locks.lock(7, 2);
    locks.wait(record(3, 7));
    locks.detach_old();
    CHECK_FALSE(locks.first(7)->is_detached());
}

TEST_CASE(
    "records taken back wait by their sequence, before and behind others of their partition") {
    OrderLocks locks;
    auto const at = [](std::uint64_t sequence) {
        auto made = record(static_cast<flow::Offset>(sequence), 7);
        made.ticket.sequence = sequence;
        return made;
    };
    for (int open = 0; open < 4; ++open)
        locks.lock(7, 1);
    locks.wait(at(9));
    // Another target's sake took them away first, not their place.
    locks.wait_first(at(5));
    locks.wait_first(at(7));
    locks.wait_first(at(2));
    CHECK(locks.open(7) == 1);
    CHECK(locks.has_earlier_waiting(at(3)));
    CHECK_FALSE(locks.has_earlier_waiting(at(1)));
    auto of_another_partition = at(3);
    of_another_partition.ticket.slot = 1;
    CHECK_FALSE(locks.has_earlier_waiting(of_another_partition));
    REQUIRE(locks.unlock(7));
    for (flow::Offset const offset : {2, 5, 7, 9}) {
        CHECK(locks.take_first(7).offset == offset);
    }
    CHECK(locks.waiting() == 0);
}
