#include "ops/control_protocol.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace headrace::ops {
namespace {

using flow::RouteAction;

std::string without_end(std::string line) {
    REQUIRE(line.ends_with('\n'));
    line.pop_back();
    REQUIRE(line.find('\n') == std::string::npos);
    return line;
}

TEST_CASE("a request reads back as it was written") {
    for (auto const action : {RouteAction::pause, RouteAction::resume, RouteAction::drain}) {
        auto const read =
            read_request(without_end(write_request({action, "clicks \"1\"\n\xC3\xA9"})));
        REQUIRE(read.has_value());
        CHECK(read->action == action);
        CHECK(read->route == "clicks \"1\"\n\xC3\xA9");
    }
}

TEST_CASE("the request's line is the documented one") {
    CHECK(write_request({RouteAction::pause, "clicks"}) ==
          "{\"version\":1,\"command\":\"route\",\"action\":\"pause\",\"route\":\"clicks\"}\n");
}

TEST_CASE("an answer reads back as it was written") {
    ControlAnswer const given{
        .is_done = true,
        .message = "clicks: drained",
        .records = ControlAnswer::Records{.open = 1, .returned = 22, .is_committed = true}};
    auto const line = write_answer(given);
    CHECK(line ==
          "{\"version\":1,\"done\":true,\"message\":\"clicks: drained\",\"open_records\":1,"
          "\"returned_records\":22,\"committed\":true}\n");
    auto const read = read_answer(without_end(line));
    REQUIRE(read.has_value());
    CHECK(read->is_done);
    CHECK(read->message == given.message);
    REQUIRE(read->records.has_value());
    CHECK(read->records->open == 1);
    CHECK(read->records->returned == 22);
    CHECK(read->records->is_committed);
    auto const refused =
        read_answer(without_end(write_answer({.is_done = false, .message = "no"})));
    REQUIRE(refused.has_value());
    CHECK_FALSE(refused->is_done);
    CHECK_FALSE(refused->records.has_value());
}

TEST_CASE("an answer fits its line whatever it tells, and may grow") {
    ControlAnswer const given{
        .is_done = false,
        .message = std::string(100'000, '\x01'),
        .records = ControlAnswer::Records{~std::uint64_t{0}, ~std::uint64_t{0}, false}};
    auto const line = write_answer(given);
    CHECK(line.size() <= control_answer_bytes_max);
    CHECK(read_answer(without_end(line)).has_value());
    CHECK(read_answer(R"({"version":1,"done":true,"message":"x","later":7})").has_value());
}

TEST_CASE("a request may be spaced as JSON may") {
    auto const read = read_request(
        "  { \"route\" : \"a\\u0062\" , \"action\":\"drain\",\"command\" :\"route\", \"version\" : "
        "1 } ");
    REQUIRE(read.has_value());
    CHECK(read->route == "ab");
}

TEST_CASE("a request that is not exactly one is refused with the reason and without its bytes") {
    struct Case {
        char const* line;
        char const* reason;
    };
    for (auto const& [line, reason] : {
             Case{"", "not one JSON object"},
             Case{"SECRET", "not one JSON object"},
             Case{"[]", "not one JSON object"},
             Case{"{", "not one JSON object"},
             Case{R"({"version":1} {})", "not one JSON object"},
             Case{"{\"version\":1,\"route\":\"\xFF\"}", "not one JSON object"},
             Case{"{}", "no version"},
             Case{R"({"version":"1"})", "no version"},
             Case{R"({"version":1.0})", "no version"},
             Case{R"({"version":-1})", "no version"},
             Case{R"({"version":2})", "version 2"},
             Case{R"({"version":1,"version":1})", "twice"},
             Case{R"({"version":1,"route":{"a":1}})", "list or an object"},
             Case{R"({"version":1,"command":"reload","SECRET":1})", "not known"},
             Case{R"({"version":1,"command":"SECRET"})", "command"},
             Case{R"({"version":1,"command":"route"})", "action"},
             Case{R"({"version":1,"command":"route","action":"SECRET"})", "action"},
             Case{R"({"version":1,"command":"route","action":"pause"})", "route's name"},
             Case{R"({"version":1,"command":"route","action":"pause","route":7})", "route's name"},
             Case{R"({"version":1,"command":"route","action":"pause","route":""})", "route's name"},
         }) {
        INFO(line);
        auto const read = read_request(line);
        REQUIRE_FALSE(read.has_value());
        INFO(read.error().message);
        CHECK(read.error().message.find(reason) != std::string::npos);
        CHECK(read.error().message.find("SECRET") == std::string::npos);
    }
}

TEST_CASE("every cut and every changed byte of a request gives a value or an error") {
    auto const line = without_end(write_request({RouteAction::resume, "cl\"icks"}));
    for (std::size_t size = 0; size != line.size(); ++size) {
        CHECK_FALSE(read_request(line.substr(0, size)).has_value());
    }
    for (std::size_t at = 0; at != line.size(); ++at) {
        for (int byte = 0; byte != 256; ++byte) {
            auto changed = line;
            changed[at] = static_cast<char>(byte);
            std::ignore = read_request(changed);
            std::ignore = read_answer(changed);
        }
    }
}

TEST_CASE("a reload and a log level read back as they were written") {
    auto const reload_line = write_request({.command = ControlCommand::reload});
    CHECK(reload_line == "{\"version\":1,\"command\":\"reload\"}\n");
    auto const reload = read_request(without_end(reload_line));
    REQUIRE(reload.has_value());
    CHECK(reload->command == ControlCommand::reload);
    auto const level_line =
        write_request({.command = ControlCommand::log_level, .level = LogLevel::debug});
    CHECK(level_line == "{\"version\":1,\"command\":\"log-level\",\"level\":\"debug\"}\n");
    auto const level = read_request(without_end(level_line));
    REQUIRE(level.has_value());
    CHECK(level->command == ControlCommand::log_level);
    CHECK(level->level == LogLevel::debug);
    CHECK_FALSE(read_request(R"({"version":1,"command":"reload","route":"a"})").has_value());
    CHECK_FALSE(read_request(R"({"version":1,"command":"log-level"})").has_value());
    CHECK_FALSE(read_request(R"({"version":1,"command":"log-level","level":"loud"})").has_value());
}

TEST_CASE("an answer carries everything that is wrong with a configuration, a line each") {
    std::string errors;
    for (int i = 0; i < 300; ++i)
        errors += "headrace.yaml:1:1: routes[" + std::to_string(i) + "].name: \"x\" is wrong\n";
    auto const line = write_answer({.is_done = false, .message = errors});
    CHECK(line.size() <= control_answer_bytes_max);
    auto const read = read_answer(without_end(line));
    REQUIRE(read.has_value());
    CHECK(read->message == errors);
}

}  // namespace
}  // namespace headrace::ops
