#include "tally.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace headrace::bench {
namespace {

std::string record(int id, std::uint64_t produced_ns) {
    return R"({"record":{"id":          )" + std::to_string(id) + R"(,"t":)" +
           std::to_string(produced_ns) + R"(,"page":"/"}})";
}

/// The number behind `name` in a report.
double reported(Tally const& tally, std::string const& name) {
    auto const text = tally.report();
    auto const at = text.find("\"" + name + "\":");
    REQUIRE(at != std::string::npos);
    return std::stod(text.substr(at + name.size() + 3));
}

TEST_CASE("a record that arrives twice is counted, but makes no run complete") {
    Tally tally{1};
    tally.reset(3, true, 10);
    tally.add(0, record(0, 1) + record(1, 1), 1);
    tally.add(0, record(1, 1), 1);
    REQUIRE(reported(tally, "records") == 3);
    REQUIRE(reported(tally, "distinct") == 2);
    REQUIRE(reported(tally, "last_ns") == 0);

    tally.add(0, record(2, 1), 1);
    REQUIRE(reported(tally, "distinct") == 3);
    REQUIRE(reported(tally, "last_ns") > 0);
}

TEST_CASE("records of programs that send one body again are counted without their numbers") {
    Tally tally{1};
    tally.reset(4, false, 10);
    tally.add(0, record(0, 1) + record(1, 1), 1);
    tally.add(0, record(0, 1) + record(1, 1), 1);
    REQUIRE(reported(tally, "distinct") == 4);
    REQUIRE(reported(tally, "last_ns") > 0);
}

TEST_CASE("a number that no record of the run has is not taken for one") {
    Tally tally{1};
    tally.reset(2, true, 10);
    tally.add(0, record(2, 1), 1);
    REQUIRE(reported(tally, "distinct") == 0);
}

TEST_CASE("quantiles of the latency are at most four percent too high") {
    Tally tally{1};
    tally.reset(1000, true, 10);
    for (int id = 0; id < 1000; ++id) {
        // Answered 1 ms to 1000 ms after it was produced.
        tally.add(0, record(id, 1), static_cast<std::uint64_t>(id + 1) * 1'000'000);
    }
    for (auto const& [name, wanted_ms] :
         {std::pair{"p50_ms", 500.0}, {"p99_ms", 990.0}, {"p999_ms", 999.0}}) {
        CAPTURE(name);
        REQUIRE(reported(tally, name) >= wanted_ms * 0.999);
        REQUIRE(reported(tally, name) <= wanted_ms * 1.04);
    }
}

}  // namespace
}  // namespace headrace::bench
