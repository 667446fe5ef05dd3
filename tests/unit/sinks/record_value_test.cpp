#include "sinks/record_value.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace headrace::sinks {
namespace {

std::string reason_of(std::string_view value) {
    JsonValidator validator;
    auto const refusal = check_value(validator, value);
    if (!refusal) return "accepted";
    CHECK(refusal->stage == flow::Stage::decode);
    CHECK_FALSE(refusal->message.empty());
    return refusal->reason;
}

TEST_CASE("one JSON object is accepted") {
    CHECK(reason_of("{}") == "accepted");
    CHECK(reason_of(" {\"a\":1e999}\n") == "accepted");
}

TEST_CASE("no bytes, or white space alone, is an empty value") {
    CHECK(reason_of("") == "empty_value");
    CHECK(reason_of(" \r\n\t") == "empty_value");
}

TEST_CASE("another JSON value is named so, anything else is invalid JSON") {
    for (std::string_view const value :
         {"[]", " [1,2] ", "\"text\"", "1", "-2.5e3", "true", "false", "null"}) {
        INFO(value);
        CHECK(reason_of(value) == "not_an_object");
    }
    for (std::string_view const value :
         {"hello", "tru", "{", "{}{}", "[1", "\"text", "\"a\"b\"", "+", "a,b,c", "<xml/>",
          "\xEF\xBB\xBF{}", "{\"a\":\"\xFF\"}"}) {
        INFO(value);
        CHECK(reason_of(value) == "invalid_json");
    }
    CHECK(reason_of(std::string_view("{}\0", 3)) == "invalid_json");
}

TEST_CASE("the message is the parser's, with the byte and without the payload") {
    JsonValidator validator;
    auto const refusal = check_value(validator, R"({"secret":"hunter2",})");
    REQUIRE(refusal);
    CHECK(refusal->message.find("byte 20 of 21") != std::string::npos);
    CHECK(refusal->message.find("hunter2") == std::string::npos);
}

TEST_CASE("a body up to the limit fits, one byte more does not") {
    CHECK_FALSE(check_size(100, 100));
    auto const refusal = check_size(101, 100);
    REQUIRE(refusal);
    CHECK(refusal->stage == flow::Stage::encode);
    CHECK(refusal->reason == "too_large");
    CHECK(refusal->message.find("batch.bytes") != std::string::npos);
}

}  // namespace
}  // namespace headrace::sinks
