#include "config/scalars.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

TEST_CASE("whole numbers have digits only") {
    CHECK(parse_number(Type::integer, "10") == 10);
    CHECK(parse_number(Type::integer, "0") == 0);
    CHECK(parse_number(Type::integer, "-5") == -5);
    for (auto const* const text : {"", "-", "+5", "1.0", "1e3", "0x10", "010", "1_000", "ten", " 1",
                                   "1 ", "99999999999999999999"}) {
        INFO(text);
        CHECK_FALSE(parse_number(Type::integer, text));
        CHECK_FALSE(parse_number(Type::milliseconds, text));
    }
}

TEST_CASE("seconds take fractions") {
    CHECK(parse_number(Type::seconds, "30.0") == 30);
    CHECK(parse_number(Type::seconds, "0.25") == 0.25);
    CHECK(parse_number(Type::seconds, "5") == 5);
    for (auto const* const text : {"", "nan", "inf", "-inf", "1e999", "5s", ".", "0x1p3"}) {
        INFO(text);
        CHECK_FALSE(parse_number(Type::seconds, text));
    }
}

TEST_CASE("sizes take the units of powers of 1024") {
    CHECK(parse_number(Type::size, "1MiB") == 1048576);
    CHECK(parse_number(Type::size, "2 GiB") == 2147483648.0);
    CHECK(parse_number(Type::size, "512") == 512);
    CHECK_FALSE(parse_number(Type::size, "1MB"));
    CHECK_FALSE(parse_number(Type::size, "-1"));
    CHECK_FALSE(parse_number(Type::size, "17179869183GiB"));
}

TEST_CASE("a wrong unit gets the number that was meant") {
    CHECK(unit_advice(Type::milliseconds, "50ms") == " (did you mean 50?)");
    CHECK(unit_advice(Type::milliseconds, "30s") == " (did you mean 30000?)");
    CHECK(unit_advice(Type::milliseconds, "0.5 h") == " (did you mean 1800000?)");
    CHECK(unit_advice(Type::seconds, "30s") == " (did you mean 30?)");
    CHECK(unit_advice(Type::seconds, "500ms") == " (did you mean 0.5?)");
    CHECK(unit_advice(Type::seconds, "5 min") == " (did you mean 300?)");
    CHECK(unit_advice(Type::seconds, "5 parsecs").empty());
    CHECK(unit_advice(Type::size, "1MB") == " (did you mean 1MiB?)");
    CHECK(unit_advice(Type::size, "64k") == " (did you mean 64KiB?)");
    CHECK(unit_advice(Type::size, "2gib") == " (did you mean 2GiB?)");
    CHECK(unit_advice(Type::size, "1.5MB").empty());
    CHECK(unit_advice(Type::size, "1 million").empty());
    CHECK(unit_advice(Type::size, "10").empty());
    CHECK(unit_advice(Type::integer, "10x").empty());
    CHECK(unit_advice(Type::seconds, "ten").empty());
    CHECK(unit_advice(Type::seconds, "1.2.3s").empty());
}

TEST_CASE("numbers and booleans are told from text as YAML does") {
    for (auto const* const text :
         {"1", "-1", "+1", "1.5", ".5", "1e3", "0x1F", "0o17", "true", "False", "TRUE", "007"}) {
        INFO(text);
        CHECK(is_number_or_boolean(text));
    }
    for (auto const* const text :
         {"", "-", "1.2.3", "yes", "no", "a1", "1a", "127.0.0.1:80", "0xzz", "inf", "2026-01-01"}) {
        INFO(text);
        CHECK_FALSE(is_number_or_boolean(text));
    }
}

}  // namespace
}  // namespace headrace::config
