#include "emulator/fault_json.hpp"

#include "emulator/json_text.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace headrace::emulator {
namespace {

Result<FaultRule> read(std::string const& text) {
    JsonTree tree;
    REQUIRE(tree.parse(text));
    return read_fault_rule(tree.root());
}

}  // namespace

TEST_CASE("every key of a fault rule is read") {
    auto const rule = read(R"({"kind":"status","operation":"upsert","target":"docs","skip":1,
        "count":2,"rate":0.5,"from_secs":1.5,"until_secs":3,"status":429,"body":"grpc",
        "retry_after":"date","retry_after_secs":4,"code":8,"message":"m","write":"late",
        "written_share":0.25,"late_ms":5,"wait_ms":6,"count_error":-2,"p50_ms":7,"p99_ms":8,
        "documented":true})");
    REQUIRE(rule.has_value());
    CHECK(rule->operation == "upsert");
    CHECK(rule->target == "docs");
    CHECK(rule->skip == 1);
    CHECK(rule->count == 2);
    CHECK(rule->rate == 0.5);
    CHECK(rule->from == std::chrono::milliseconds(1500));
    CHECK(rule->until == std::chrono::seconds(3));
    auto const& fault = rule->fault;
    CHECK(fault.kind == FaultKind::status);
    CHECK(fault.status == 429);
    CHECK(fault.body == BodyForm::grpc);
    CHECK(fault.retry_after == RetryAfter::date);
    CHECK(fault.retry_after_secs == 4);
    CHECK(fault.code == 8);
    CHECK(fault.message == "m");
    CHECK(fault.write == WriteEffect::late);
    CHECK(fault.written_share == 0.25);
    CHECK(fault.late_ms == 5);
    CHECK(fault.wait_ms == 6);
    CHECK(fault.count_error == -2);
    CHECK(fault.p50_ms == 7);
    CHECK(fault.p99_ms == 8);
    CHECK(fault.documented);
    CHECK(read(R"({"kind":"reset","source":"clicks"})")->target == "clicks");
    CHECK(read(R"({"kind":"reset","collection":"docs"})")->target == "docs");
}

TEST_CASE("a key that is unknown or has a wrong value is named") {
    auto const* text =
        GENERATE(R"({"kind":"status","stat":1})", R"({"kind":"nothing"})",
                 R"({"kind":"status","status":99})", R"({"kind":"status","status":"429"})",
                 R"({"kind":"status","rate":2})", R"({"kind":"status","rate":-1})",
                 R"({"kind":"status","from_secs":-1})", R"({"kind":"status","body":"xml"})",
                 R"({"kind":"status","documented":1})", R"({"kind":"status","target":1})",
                 R"({"kind":"latency","p50_ms":-1})", R"({"status":429})", "[]");
    auto const rule = read(text);
    REQUIRE_FALSE(rule.has_value());
    CHECK(rule.error().message.find("docs/emulators.md") != std::string::npos);
}

TEST_CASE("a rule is shown with what it did") {
    FaultSchedule::Entry entry;
    entry.id = 3;
    entry.rule.fault.kind = FaultKind::goaway;
    entry.rule.target = "clicks";
    entry.matched = 5;
    entry.fired = 2;
    JsonText json;
    write_fault(json, entry);
    CHECK(json.take() ==
          R"({"id":3,"kind":"goaway","operation":"","target":"clicks","matched":5,"fired":2})");
}

}  // namespace headrace::emulator
