#include "config/values.hpp"

#include "unit/config/fake_environment.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

Values values_of(std::string_view text, DiagnosticList& diagnostics) {
    auto const root = parse_document(text, diagnostics);
    REQUIRE(root);
    return read_values(*root, FakeEnvironment().get(), diagnostics);
}

TEST_CASE("values are found by their path, and places for absent ones are those of their mapping") {
    DiagnosticList diagnostics("f");
    auto const values = values_of(
        "log:\n  level: warn\nroutes:\n  - name: a\n  - name: b\n    retry: {max_ms: 5}\n",
        diagnostics);
    CHECK(diagnostics.is_empty());
    CHECK(values.routes() == 2);
    REQUIRE(values.find("routes[1].name") != nullptr);
    CHECK(values.find("routes[1].name")->text.value == "b");
    CHECK(values.find("routes[0].retry.max_ms") == nullptr);
    CHECK(values.place("routes[1].retry.max_ms").line == 6);
    CHECK(values.place("routes[1].retry.initial_ms").line == 6);
    CHECK(values.place("routes[0].retry.initial_ms").line == 4);
    CHECK(values.place("log.format").line == 2);
    CHECK(values.place("nothing").line == 1);
}

TEST_CASE("a value that was refused is set but not found") {
    DiagnosticList diagnostics("f");
    auto const values = values_of("log: {level: loud}\n", diagnostics);
    CHECK_FALSE(diagnostics.is_empty());
    CHECK(values.is_set("log.level"));
    CHECK(values.find("log.level") == nullptr);
    CHECK_FALSE(values.is_set("log.format"));
}

}  // namespace
}  // namespace headrace::config
