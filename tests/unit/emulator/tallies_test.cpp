#include "emulator/tallies.hpp"

#include <catch2/catch_test_macros.hpp>

#include <limits>

namespace headrace::emulator {

TEST_CASE("ids are counted with their multiplicity, numbers and texts apart") {
    IdTally ids;
    for (std::int64_t const id :
         {std::int64_t{0}, std::int64_t{1}, std::int64_t{1}, std::int64_t{5}, std::int64_t{-1},
          std::int64_t{-257}, std::numeric_limits<std::int64_t>::min(),
          std::numeric_limits<std::int64_t>::max()}) {
        ids.add(id);
    }
    CHECK(ids.distinct() == 7);
    CHECK(ids.duplicates() == 1);
    CHECK(ids.times(std::int64_t{1}) == 2);
    CHECK(ids.times(std::int64_t{-257}) == 1);
    CHECK(ids.times(std::int64_t{-256}) == 0);
    ids.add_any("5");
    ids.add_any("five");
    ids.add_any("five");
    CHECK(ids.times(std::int64_t{5}) == 2);
    CHECK(ids.times(std::string_view("five")) == 2);
    CHECK(ids.times(std::string_view("six")) == 0);
    CHECK(ids.duplicates() == 3);
}

TEST_CASE("what is missing of a range is listed up to a limit") {
    IdTally ids;
    for (std::int64_t id = 0; id < 1000; ++id) {
        if (id % 100 != 7) ids.add(id);
    }
    auto const missing = ids.missing(1000, 3);
    CHECK(missing.total == 10);
    CHECK(missing.first == std::vector<std::int64_t>{7, 107, 207});
    CHECK(ids.missing(7, 3).total == 0);
}

TEST_CASE("requests in progress and their greatest number are counted") {
    InProgress progress;
    auto const first = progress.begin({}, false);
    auto const second = progress.begin({}, false);
    CHECK(progress.now() == 2);
    progress.finish(first);
    progress.finish(first);
    CHECK(progress.now() == 1);
    CHECK(progress.greatest() == 2);
    progress.finish(second);
    progress.reset();
    CHECK(progress.greatest() == 0);
}

TEST_CASE("a key in two requests at once is seen, in one request twice is not") {
    InProgress progress;
    auto const first = progress.begin({1, 2, 2}, false);
    CHECK(progress.keys_at_once() == 0);
    auto const second = progress.begin({2, 3}, false);
    CHECK(progress.keys_at_once() == 1);
    progress.finish(first);
    progress.finish(second);
    std::ignore = progress.begin({1, 2, 3}, false);
    CHECK(progress.keys_at_once() == 1);
}

TEST_CASE("a key that meets a stalled request is counted apart") {
    InProgress progress;
    auto const stalled = progress.begin({1}, true);
    auto const live = progress.begin({1}, false);
    CHECK(progress.keys_at_once() == 0);
    CHECK(progress.keys_at_once_stalled() == 1);
    progress.finish(stalled);
    std::ignore = progress.begin({1}, true);
    CHECK(progress.keys_at_once() == 1);
    progress.finish(live);
}

}  // namespace headrace::emulator
