#include "emulator/tecton_schema.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <tuple>
#include <vector>

namespace headrace::emulator {

TEST_CASE("Tecton: event times are read to the nanosecond") {
    struct Row {
        char const* text;
        std::int64_t ns;
    };
    constexpr std::int64_t second = 1'000'000'000;
    for (auto const& row :
         {Row{"1970-01-01T00:00", 0}, Row{"1970-01-01T00:00:01", second},
          Row{"1970-01-01T00:00:01Z", second}, Row{"1970-01-01T00:00:00.5Z", second / 2},
          Row{"1970-01-01T00:00:00.000000001Z", 1}, Row{"1970-01-01T01:00:00+01:00", 0},
          Row{"1969-12-31T23:00:00-01:00", 0}, Row{"1969-12-31T23:59:59.5Z", -second / 2},
          Row{"2023-01-02T00:25:06Z", 1'672'619'106 * second},
          Row{"2024-02-29T00:00Z", 1'709'164'800 * second}}) {
        CAPTURE(row.text);
        CHECK(parse_event_time(row.text) == row.ns);
    }
}

TEST_CASE("Tecton: what is no event time is refused") {
    for (auto const* text : {"",
                             "2023",
                             "2023-01-02",
                             "2023-01-02 00:00:00",
                             "2023-01-02T",
                             "2023-01-02T00",
                             "2023-13-01T00:00",
                             "2023-02-30T00:00",
                             "2023-01-02T24:00",
                             "2023-01-02T00:60",
                             "2023-01-02T00:00:60",
                             "2023-01-02T00:00:00.",
                             "2023-01-02T00:00:00.1234567890",
                             "2023-01-02T00:00:00+1",
                             "2023-01-02T00:00:00+01",
                             "2023-01-02T00:00:00+01:",
                             "2023-01-02T00:00:00+24:00",
                             "2023-01-02T00:00:00Zx",
                             "2023-01-02T00:00:00z",
                             "1672619106",
                             "9999-01-01T00:00:00Z",
                             "2023x01-02T00:00",
                             "2023-01x02T00:00",
                             "2023-01-0aT00:00",
                             "2023-01-02T00:00:0a"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_event_time(text).has_value());
    }
}

TEST_CASE("Tecton: each type takes its JSON and nothing else") {
    struct Row {
        char const* type;
        std::vector<char const*> good;
        std::vector<char const*> bad;
    };
    std::vector<Row> const rows{
        {"Int64",
         {"1", "-9223372036854775808", "\"123\"", "0"},
         {"1.0", "1e3", "9223372036854775808", "\"12a\"", "\"\"", "true", "[]",
          "12345678901234567890123456789012345678901"}},
        {"Int32", {"1", "-2147483648", "\"7\""}, {"2147483648", "1.5", "\"x\""}},
        {"Float64",
         {"1", "1.5", "-1e300", "1e-400", "12345678901234567890123456789012345678901"},
         {"1e400", "\"1.5\"", "true", "null"}},
        {"Float32", {"1.5", "1E-60"}, {"1e39", "\"x\""}},
        {"String", {"\"\"", "\"x\""}, {"1", "true", "{}"}},
        {"Bool", {"true", "false"}, {"0", "1", "\"true\""}},
        {"Timestamp", {"\"2023-01-02T00:25:06Z\""}, {"1672619106", "\"yesterday\""}},
        {"Array(Int64)", {"[]", "[1,\"2\",null]"}, {"[1.5]", "1", "{}"}},
        {"Map(String, Float64)", {"{}", "{\"a\":1,\"b\":null}"}, {"{\"a\":\"x\"}", "[]"}},
        {"Struct(a Int64, b String)",
         {"{}", "{\"a\":1}", "{\"a\":null,\"b\":\"x\"}"},
         {"{\"c\":1}", "{\"a\":\"x\"}", "[]"}},
    };
    JsonTree tree;
    for (auto const& row : rows) {
        auto const type = parse_tecton_type(row.type);
        REQUIRE(type);
        for (auto const* text : row.good) {
            CAPTURE(row.type, text);
            REQUIRE(tree.parse(text));
            CHECK(fits(tree.root(), *type));
        }
        for (auto const* text : row.bad) {
            CAPTURE(row.type, text);
            REQUIRE(tree.parse(text));
            CHECK_FALSE(fits(tree.root(), *type));
        }
    }
}

TEST_CASE(
    "Tecton: null passes, missing is null, unknown is refused, unless a switch says otherwise") {
    StreamSource source;
    source.name = "s";
    source.fields = {{"a", {TectonKind::int64, {}}}, {"t", {TectonKind::timestamp, {}}}};
    JsonTree tree;
    auto const fault = [&](char const* text, TectonSwitches const& switches = {}) {
        REQUIRE(tree.parse(text));
        return find_schema_fault(tree.root(), source, switches);
    };
    TectonSwitches switches;
    CHECK_FALSE(fault(R"({"a":null})"));
    switches.refuse_null = true;
    CHECK(fault(R"({"a":null})", switches));

    switches = {};
    CHECK_FALSE(fault("{}"));
    switches.refuse_missing = true;
    CHECK(fault(R"({"a":1})", switches));
    CHECK_FALSE(fault(R"({"a":1,"t":"x"})", switches));

    switches = {};
    CHECK(fault(R"({"z":1})")->find("`z`") != std::string::npos);
    switches.accept_unknown = true;
    CHECK_FALSE(fault(R"({"z":1})", switches));
    CHECK(fault(R"({"a":"x"})"));
}

}  // namespace headrace::emulator
