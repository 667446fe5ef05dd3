#include "sinks/request_headers.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::sinks {
namespace {

using List = RequestHeaders::List;

EncodedRequest written(RequestHeaders const& headers) {
    EncodedRequest request;
    headers.write(request);
    return request;
}

TEST_CASE("our headers come first, the operator's after them, the credential last") {
    RequestHeaders const headers({{"Accept", "a"}}, {{"X-Team", "b"}}, "Bearer ",
                                 [] { return std::string("t"); });
    auto const request = written(headers);
    CHECK(request.headers == List{{"Accept", "a"}, {"X-Team", "b"}, {"Authorization", "Bearer t"}});
    CHECK(request.credential == "t");
}

TEST_CASE("a header that the operator sets takes the place of ours, whatever its case") {
    RequestHeaders const headers({{"Accept", "a"}, {"Content-Type", "c"}},
                                 {{"accept", "b"}, {"AUTHORIZATION", "Snowflake x"}}, "Bearer ",
                                 [] { return std::string("t"); });
    auto const request = written(headers);
    CHECK(request.headers ==
          List{{"Content-Type", "c"}, {"accept", "b"}, {"AUTHORIZATION", "Snowflake x"}});
    CHECK(request.credential == "Snowflake x");
}

TEST_CASE("without a credential there is no Authorization") {
    CHECK(written(RequestHeaders({}, {}, "Bearer ", nullptr)).headers.empty());
    CHECK(written(RequestHeaders({}, {}, "Bearer ", [] { return std::string(); })).headers.empty());
}

TEST_CASE("line ends in a credential cannot end the header") {
    RequestHeaders const headers({}, {}, "Tecton-key ", [] { return std::string("k\r\nX: y\r"); });
    CHECK(written(headers).headers == List{{"Authorization", "Tecton-key kX: y"}});
}

}  // namespace
}  // namespace headrace::sinks
