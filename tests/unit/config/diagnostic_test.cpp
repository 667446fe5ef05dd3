#include "config/diagnostic.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

TEST_CASE("a diagnostic is one line that editors can jump to") {
    Diagnostic const diagnostic{"h.yaml", {4, 7}, "routes[0].name", "is required"};
    CHECK(diagnostic.text() == "h.yaml:4:7: routes[0].name: is required");
    CHECK(Diagnostic{"h.yaml", {1, 1}, "", "is empty"}.text() == "h.yaml:1:1: is empty");
}

TEST_CASE("diagnostics come in the file's order") {
    DiagnosticList list("f");
    list.add({9, 1}, "a", "one");
    list.add({2, 5}, "b", "two");
    list.add({2, 3}, "c", "three");
    auto const taken = list.take();
    REQUIRE(taken.size() == 3);
    CHECK(taken[0].path == "c");
    CHECK(taken[1].path == "b");
    CHECK(taken[2].path == "a");
    CHECK(list.is_empty());
}

TEST_CASE("more than a hundred diagnostics are counted, not listed") {
    DiagnosticList list("f");
    for (std::size_t i = 0; i < diagnostics_max + 5; ++i)
        list.add({i + 1, 1}, "a", "wrong");
    auto const taken = list.take();
    REQUIRE(taken.size() == diagnostics_max + 1);
    CHECK(taken.back().message == "5 more errors are not listed");
}

TEST_CASE("the nearest word is what was probably meant") {
    std::vector<std::string_view> const keys{"batch_size", "bytes", "linger_ms",
                                             "allow_larger_batches"};
    CHECK(nearest("batch_sice", keys) == "batch_size");
    CHECK(nearest("batchsize", keys) == "batch_size");
    CHECK(nearest("size", keys) == "batch_size");
    CHECK(nearest("btyes", keys) == "bytes");
    CHECK(nearest("BYTES", keys) == "bytes");
    CHECK(nearest("linger", keys) == "linger_ms");
    CHECK(nearest("colour", keys).empty());
    CHECK(nearest("x", keys).empty());
    CHECK(nearest("", keys).empty());
    CHECK(nearest(std::string(10'000, 'b'), keys).empty());
    CHECK(nearest("bytes", {std::string_view()}).empty());
    CHECK(did_you_mean("btyes", keys) == " (did you mean bytes?)");
    CHECK(did_you_mean("colour", keys).empty());
}

TEST_CASE("a value is shown in quotes, cut and without control bytes") {
    CHECK(in_quotes("ten") == "\"ten\"");
    CHECK(in_quotes("é\n\x1b\xff") == "\"é???\"");
    CHECK(in_quotes(std::string(500, 'a')).size() < 70);
    CHECK(in_quotes(std::string(500, 'a')).ends_with("…\""));
}

}  // namespace
}  // namespace headrace::config
