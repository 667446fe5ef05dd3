#include "base/timestamp.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace {
namespace {

WallTime at_ms(std::int64_t ms) {
    return WallTime{std::chrono::milliseconds(ms)};
}

TEST_CASE("times are written in UTC with milliseconds") {
    CHECK(format_timestamp(at_ms(0)) == "1970-01-01T00:00:00.000Z");
    CHECK(format_timestamp(at_ms(1'700'000'000'123)) == "2023-11-14T22:13:20.123Z");
    CHECK(format_timestamp(at_ms(1'709'164'800'000)) == "2024-02-29T00:00:00.000Z");
}

TEST_CASE("RFC 3339 times are read, whatever their zone and fraction") {
    CHECK(parse_timestamp("2023-11-14T22:13:20Z").value() == at_ms(1'700'000'000'000));
    CHECK(parse_timestamp("2023-11-14t22:13:20.123z").value() == at_ms(1'700'000'000'123));
    CHECK(parse_timestamp("2023-11-14 22:13:20.5Z").value() == at_ms(1'700'000'000'500));
    CHECK(parse_timestamp("2023-11-15T00:13:20+02:00").value() == at_ms(1'700'000'000'000));
    CHECK(parse_timestamp("2023-11-14T16:43:20-05:30").value() == at_ms(1'700'000'000'000));
    CHECK(parse_timestamp("2023-11-14T22:13:20.1239999999999Z").value() ==
          at_ms(1'700'000'000'123));
    CHECK(parse_timestamp("2016-12-31T23:59:60Z").value() == at_ms(1'483'228'800'000));
}

TEST_CASE("what was written is read back") {
    for (std::int64_t const ms :
         {std::int64_t{0}, std::int64_t{1'700'000'000'123}, std::int64_t{4'102'444'799'999}}) {
        CHECK(parse_timestamp(format_timestamp(at_ms(ms))).value() == at_ms(ms));
    }
}

TEST_CASE("what is not an RFC 3339 time is refused") {
    for (std::string_view const text :
         {"", "now", "2023", "2023-11-14", "2023-13-01T00:00:00Z", "2023-02-29T00:00:00Z",
          "1969-12-31T00:00:00Z", "2023-11-14T24:00:00Z", "2023-11-14T22:60:00Z",
          "2023-11-14T22:13:61Z", "2023-11-14T22:13:20", "2023-11-14T22:13:20.Z",
          "2023-11-14T22:13:20+0200", "2023-11-14T22:13:20+24:00", "2023-11-14T22:13:20+02:60",
          "2023-11-14T22:13:20Zx", "2023-11-14T22:13Z", "2023-1-14T22:13:20Z",
          "9999-12-31T23:59:59Z"}) {
        INFO(text);
        auto const time = parse_timestamp(text);
        REQUIRE_FALSE(time);
        CHECK(time.error().code == ErrorCode::invalid_argument);
    }
}

}  // namespace
}  // namespace headrace
