#include "sinks/request_headers.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::sinks {
namespace {

using List = RequestHeaders::List;

RequestSettings theirs(List headers) {
    RequestSettings settings;
    settings.headers = std::move(headers);
    return settings;
}

EncodedRequest written(RequestHeaders const& headers) {
    EncodedRequest request;
    headers.write(request);
    return request;
}

TEST_CASE("our headers come first, the operator's after them, the credential last") {
    RequestHeaders const headers({{"Accept", "a"}}, theirs({{"X-Team", "b"}}), "Bearer ",
                                 Secret("t"));
    auto const request = written(headers);
    CHECK(request.headers == List{{"Accept", "a"}, {"X-Team", "b"}, {"Authorization", "Bearer t"}});
    CHECK(request.credential == "t");
}

TEST_CASE("a header that the operator sets takes the place of ours, whatever its case") {
    RequestHeaders const headers({{"Accept", "a"}, {"Content-Type", "c"}},
                                 theirs({{"accept", "b"}, {"AUTHORIZATION", "Snowflake x"}}),
                                 "Bearer ", Secret("t"));
    auto const request = written(headers);
    CHECK(request.headers ==
          List{{"Content-Type", "c"}, {"accept", "b"}, {"AUTHORIZATION", "Snowflake x"}});
    CHECK(request.credential == "Snowflake x");
}

TEST_CASE("without a credential there is no Authorization") {
    CHECK(written(RequestHeaders({}, {}, "Bearer ", {})).headers.empty());
    CHECK(written(RequestHeaders({}, {}, "Bearer ", Secret(std::string()))).headers.empty());
}

TEST_CASE("line ends in a credential cannot end the header") {
    RequestHeaders const headers({}, {}, "Tecton-key ", Secret("k\r\nX: y\r"));
    CHECK(written(headers).headers == List{{"Authorization", "Tecton-key kX: y"}});
}

TEST_CASE("a header whose value stands in a file is sent as the file says now") {
    auto value = std::make_shared<std::string>("one");
    RequestSettings settings = theirs({{"X-Team", "b"}});
    settings.live_headers = {{"Accept", Secret([value](std::string& out) { out = *value; })}};
    RequestHeaders const headers({{"accept", "a"}}, settings, "Bearer ", Secret("t"));
    CHECK(written(headers).headers ==
          List{{"X-Team", "b"}, {"Accept", "one"}, {"Authorization", "Bearer t"}});
    *value = "two\r\nX: y";
    CHECK(written(headers).headers[1].second == "twoX: y");
}

TEST_CASE("an Authorization that stands in a file takes the place of ours and is as secret") {
    auto value = std::make_shared<std::string>("Snowflake 1");
    RequestSettings settings;
    settings.live_headers = {
        {"authorization", Secret([value](std::string& out) { out = *value; })}};
    RequestHeaders const headers({}, settings, "Bearer ", Secret("t"));
    *value = "Snowflake 2";
    auto const request = written(headers);
    CHECK(request.headers == List{{"authorization", "Snowflake 2"}});
    CHECK(request.credential == "Snowflake 2");
}

TEST_CASE("nothing of the request before is left in a request that is written again") {
    auto key = std::make_shared<std::string>("one");
    RequestHeaders const headers({{"Accept", "a"}}, {}, "Bearer ",
                                 Secret([key](std::string& out) { out = *key; }));
    auto request = written(headers);
    request.headers.emplace_back("X-More", "of another dialect");
    key->clear();
    request.clear();
    headers.write(request);
    CHECK(request.headers == List{{"Accept", "a"}});
    CHECK(request.credential.empty());
}

}  // namespace
}  // namespace headrace::sinks
