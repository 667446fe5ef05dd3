#include "base/random.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace {
namespace {

TEST_CASE("the same seed repeats the same numbers") {
    Random first(42);
    Random second(42);
    Random other(43);
    for (int i = 0; i < 100; ++i) {
        std::uint64_t const number = first.next();
        CHECK(number == second.next());
        CHECK(number != other.next());
    }
}

TEST_CASE("unit numbers lie from 0 up to 1 and around one half") {
    Random random(1);
    double sum = 0;
    for (int i = 0; i < 10'000; ++i) {
        double const unit = random.unit();
        CHECK((unit >= 0.0 && unit < 1.0));
        sum += unit;
    }
    CHECK(sum > 4'800);
    CHECK(sum < 5'200);
}

}  // namespace
}  // namespace headrace
