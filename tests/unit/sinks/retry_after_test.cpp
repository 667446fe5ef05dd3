#include "sinks/retry_after.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::sinks {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

WallTime const wall{seconds(784'111'777)};  // 1994-11-06 08:49:37 UTC

http::Response with(std::string retry_after, std::string date = {}) {
    http::Response response;
    response.headers.emplace_back("retry-after", std::move(retry_after));
    if (!date.empty()) response.headers.emplace_back("Date", std::move(date));
    return response;
}

TEST_CASE("seconds are read and clamped to ten minutes") {
    CHECK(read_retry_after(with("0"), wall) == Duration::zero());
    CHECK(read_retry_after(with(" 7 "), wall) == seconds(7));
    CHECK(read_retry_after(with("600"), wall) == minutes(10));
    CHECK(read_retry_after(with("601"), wall) == minutes(10));
    CHECK(read_retry_after(with("99999999999999999999"), wall) == minutes(10));
}

TEST_CASE("a date counts from the answer's own date") {
    CHECK(read_retry_after(with("Sun, 06 Nov 1994 08:49:47 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"),
                           WallTime{}) == seconds(10));
    CHECK(read_retry_after(with("Sun, 06 Nov 1994 08:49:27 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"),
                           wall) == Duration::zero());
    CHECK(read_retry_after(with("Mon, 07 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"),
                           wall) == minutes(10));
}

TEST_CASE("without a date of its own, or with a broken one, the wall clock counts") {
    CHECK(read_retry_after(with("Sun, 06 Nov 1994 08:49:47 GMT"), wall) == seconds(10));
    CHECK(read_retry_after(with("Sun, 06 Nov 1994 08:49:47 GMT", "yesterday"), wall) ==
          seconds(10));
}

TEST_CASE("what is absent or not understood is nothing") {
    CHECK_FALSE(read_retry_after({}, wall));
    for (char const* text :
         {"", "soon", "-1", "1.5", "7 s", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37 PST"}) {
        INFO(text);
        CHECK_FALSE(read_retry_after(with(text), wall));
    }
}

TEST_CASE("all three forms of an HTTP date are read") {
    CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == wall);
    CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT") == wall);
    CHECK(parse_http_date("Sun Nov  6 08:49:37 1994") == wall);
    CHECK(parse_http_date("Sat, 01 Jan 2000 00:00:00 GMT") == WallTime{seconds(946'684'800)});
    CHECK(parse_http_date("Saturday, 01-Jan-00 00:00:00 GMT") == WallTime{seconds(946'684'800)});
}

TEST_CASE("what is no HTTP date is refused") {
    for (std::string_view const text :
         {"", "GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 32 Nov 1994 08:49:37 GMT",
          "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 994 08:49:37 GMT",
          "Sun, 06 Nov 1969 08:49:37 GMT", "Sun, 06 Nov 9999 08:49:37 GMT",
          "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
          "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 8:49:37 GMT",
          "Sun, 06 Nov 1994 08-49-37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT GMT",
          "Sun, 29 Feb 1994 08:49:37 GMT", "a b c d e f g h i j",
          "Sun, 06 Nov 19x4 08:49:37 GMT"}) {
        INFO(text);
        CHECK_FALSE(parse_http_date(text));
    }
}

}  // namespace
}  // namespace headrace::sinks
