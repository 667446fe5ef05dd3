#include "http/unsent.hpp"

#include "base/random.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace headrace::http {
namespace {

/// What comes out if the socket takes some of what it is offered, chosen at random.
std::string sent_whole(Unsent unsent, Random& random) {
    std::string out;
    while (!unsent.is_empty()) {
        std::vector<std::string_view> room(1 + random.next() % 4);
        auto const count = unsent.pieces(room);
        REQUIRE(count != 0);
        std::string offered;
        for (std::size_t i = 0; i != count; ++i) {
            CHECK_FALSE(room[i].empty());
            offered += room[i];
        }
        auto const taken = random.next() % (offered.size() + 1);
        out += offered.substr(0, taken);
        unsent.take(taken);
    }
    return out;
}

}  // namespace

TEST_CASE("head, text and splices are sent in order, however many bytes are taken at a time") {
    Random random(11);
    for (int round = 0; round != 2'000; ++round) {
        std::string const text(random.next() % 20, 't');
        std::vector<std::string> values(random.next() % 6);
        std::vector<std::string_view> views;
        std::vector<std::size_t> places;
        for (auto& value : values) {
            value = std::string(random.next() % 9, static_cast<char>('a' + places.size()));
            views.emplace_back(value);
            places.push_back(random.next() % (text.size() + 1));
        }
        std::ranges::sort(places);
        std::vector<Splice> splices;
        std::string expected = "head" + text;
        for (std::size_t i = 0; i != values.size(); ++i)
            splices.push_back({.at = places[i], .bytes = &views[i]});
        for (std::size_t i = values.size(); i-- != 0;)
            expected.insert(4 + places[i], values[i]);
        CHECK(sent_whole(Unsent("head", text, splices), random) == expected);
    }
}

TEST_CASE("a splice whose bytes have moved is sent from where they stand now") {
    std::string old = "value";
    std::string const moved = old;
    std::string_view view = old;
    std::vector<Splice> const splices{{.at = 1, .bytes = &view}};
    Unsent unsent("h", "[]", splices);
    unsent.take(4);  // "h[va"
    view = moved;
    old.assign(5, '?');
    std::vector<std::string_view> room(4);
    REQUIRE(unsent.pieces(room) == 2);
    CHECK(room[0] == "lue");
    CHECK(room[0].data() == moved.data() + 2);
    CHECK(room[1] == "]");
}

TEST_CASE("a request without a body is its head") {
    Unsent unsent("head", {}, {});
    std::vector<std::string_view> room(2);
    CHECK(unsent.pieces(room) == 1);
    unsent.take(4);
    CHECK(unsent.is_empty());
}

}  // namespace headrace::http
