#include "kafka/dead_letter_headers.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace headrace::kafka {
namespace {

flow::TopicPartition const origin{"clicks", 3, 1};
DeadLetterOrigin const route{
    .route = "clicks-route", .destination_type = "milvus", .version = "0.1.0"};

flow::FailureReport write_failure() {
    flow::FailureReport report;
    report.refusal = {.stage = flow::Stage::write,
                      .reason = "rejected",
                      .status = "200/1804",
                      .message = "field vector: dimension 3, expected 4"};
    report.attempts = 4;
    report.first_failure = WallTime{std::chrono::milliseconds(1'763'715'600'001)};
    report.last_failure = WallTime{std::chrono::milliseconds(1'763'715'661'002)};
    return report;
}

std::string text_of(std::vector<OwnedHeader> const& headers) {
    std::string text;
    for (auto const& header : headers)
        text += header.name + "=" + header.value.value_or("<null>") + "\n";
    return text;
}

std::string golden(std::string const& name) {
    std::ifstream file(std::string(HEADRACE_TEST_DATA) + "/dead_letters/" + name);
    REQUIRE(file.good());
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST_CASE("a record refused by the destination has the headers of the golden file") {
    auto record =
        flow::make_record(origin, 1234, "k", "{}", {{"trace", "abc"}, {"none", std::nullopt}});
    record.timestamp_ms = 1'763'715'599'000;
    CHECK(text_of(dead_letter_headers(record, write_failure(), route, 1024)) ==
          golden("write.txt"));
}

TEST_CASE(
    "a record that cannot be decoded has the headers of the golden file, unknown ones empty") {
    auto record = flow::make_record(origin, 5, std::nullopt, "nonsense");
    record.timestamp_ms = -1;
    flow::FailureReport report;
    report.refusal = {.stage = flow::Stage::decode,
                      .reason = "invalid_json",
                      .status = "",
                      .message = "not an object"};
    CHECK(text_of(dead_letter_headers(record, report, route, 1024)) == golden("decode.txt"));
}

TEST_CASE(
    "headers of our names are replaced and all others stay in order, repeated and binary ones "
    "too") {
    std::string const binary("\x00\x80", 2);
    auto const record = flow::make_record(origin, 1, "k", "{}",
                                          {{"headrace.reason", "old"},
                                           {"a", "1"},
                                           {"__connect.errors.topic", "old"},
                                           {"bin", binary},
                                           {"a", "2"},
                                           {"headrace.replays", "7"},
                                           {"headrace.other", "stays"}});
    auto const headers = dead_letter_headers(record, write_failure(), route, 1024);
    REQUIRE(headers.size() == 4 + 24);
    CHECK(headers[0] == OwnedHeader{"a", "1"});
    CHECK(headers[1] == OwnedHeader{"bin", binary});
    CHECK(headers[2] == OwnedHeader{"a", "2"});
    CHECK(headers[3] == OwnedHeader{"headrace.other", "stays"});
    auto const count = [&](std::string_view name) {
        return std::count_if(headers.begin(), headers.end(),
                             [&](auto const& header) { return header.name == name; });
    };
    CHECK(count("headrace.reason") == 1);
    CHECK(count("__connect.errors.topic") == 1);
}

TEST_CASE("reason and message are never empty, and the stages have Connect's names") {
    auto const record = flow::make_record(origin, 1, "k", "{}");
    flow::FailureReport report;
    report.refusal.stage = flow::Stage::encode;
    auto const text = text_of(dead_letter_headers(record, report, route, 1024));
    CHECK(text.find("headrace.reason=unknown\n") != std::string::npos);
    CHECK(text.find("headrace.message=unknown\n") != std::string::npos);
    CHECK(text.find("__connect.errors.stage=TRANSFORMATION\n") != std::string::npos);
    report.refusal.stage = flow::Stage::decode;
    CHECK(text_of(dead_letter_headers(record, report, route, 1024)).find("VALUE_CONVERTER") !=
          std::string::npos);
}

TEST_CASE("messages are cut between characters and repaired") {
    CHECK(clean_text("abc", 1024) == "abc");
    CHECK(clean_text("ab\xC3\xA9", 3) == "ab");
    CHECK(clean_text("ab\xC3\xA9", 4) == "ab\xC3\xA9");
    CHECK(clean_text("a\xFF"
                     "b",
                     1024) ==
          "a\xEF\xBF\xBD"
          "b");
    CHECK(clean_text("a\xFF", 3) == "a");
    CHECK(clean_text("", 10).empty());
    CHECK(clean_text(std::string(5000, 'x'), 1024).size() == 1024);
}

TEST_CASE("shortening touches the messages only") {
    std::vector<OwnedHeader> headers{{"headrace.message", std::string(100, 'm')},
                                     {"__connect.errors.exception.message", std::string(100, 'm')},
                                     {"other", std::string(100, 'o')},
                                     {"none", std::nullopt}};
    shorten_messages(headers, 10);
    CHECK(headers[0].value->size() == 10);
    CHECK(headers[1].value->size() == 10);
    CHECK(headers[2].value->size() == 100);
    CHECK_FALSE(headers[3].value.has_value());
}

}  // namespace
}  // namespace headrace::kafka
