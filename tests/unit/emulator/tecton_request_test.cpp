#include "emulator/tecton_request.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace headrace::emulator {

TEST_CASE("Tecton: the envelope is read in the style of its path") {
    JsonTree tree;
    std::string const snake =
        R"({"workspace_name":"w","dry_run":true,"records":{"a":[{"record":{}}],"b":[{"record":{}},{"record":{}}]}})";
    std::string const camel =
        R"({"workspaceName":"w","dryRun":false,"records":{"a":[{"record":{}}]}})";
    REQUIRE(tree.parse(snake));
    auto const read = read_ingest(tree.root(), KeyStyle::snake);
    REQUIRE(read);
    CHECK(read->workspace == "w");
    CHECK(read->dry_run);
    CHECK(read->records == 3);
    CHECK(read->parts.at(1).source == "b");
    CHECK_FALSE(read_ingest(tree.root(), KeyStyle::camel));
    CHECK(read_ingest(tree.root(), KeyStyle::either));
    REQUIRE(tree.parse(camel));
    CHECK(read_ingest(tree.root(), KeyStyle::camel));
    CHECK(read_ingest(tree.root(), KeyStyle::either));
    CHECK_FALSE(read_ingest(tree.root(), KeyStyle::snake));
}

TEST_CASE("Tecton: a missing key is named as Tecton names it") {
    JsonTree tree;
    REQUIRE(tree.parse(R"({"dry_run":false,"records":{}})"));
    CHECK(read_ingest(tree.root(), KeyStyle::snake).error().message ==
          "Required field `workspace_name` is missing in the request");
}

TEST_CASE("Tecton: an envelope with a fault is refused") {
    auto const* text = GENERATE(
        "[]", R"({"workspace_name":"w","records":{"a":[{"record":{}}]}})",
        R"({"workspace_name":"w","dry_run":false})",
        R"({"workspace_name":1,"dry_run":false,"records":{"a":[{"record":{}}]}})",
        R"({"workspace_name":"w","dry_run":"false","records":{"a":[{"record":{}}]}})",
        R"({"workspace_name":"w","dry_run":false,"records":{}})",
        R"({"workspace_name":"w","dry_run":false,"records":[]})",
        R"({"workspace_name":"w","dry_run":false,"records":{"a":[]}})",
        R"({"workspace_name":"w","dry_run":false,"records":{"a":{}}})",
        R"({"workspace_name":"w","dry_run":false,"records":{"a":[{}]}})",
        R"({"workspace_name":"w","dry_run":false,"records":{"a":[1]}})",
        R"({"workspace_name":"w","dry_run":false,"records":{"a":[{"record":1}]}})",
        R"({"workspace_name":"w","dry_run":false,"records":{"a":[{"x":1}]}})",
        R"({"workspace_name":"w","dry_run":false,"records":{"a":[{"record":{},"x":1}]}})",
        R"({"workspace_name":"w","dry_run":false,"records":{"a":[{"record":{}}],"a":[{"record":{}}]}})",
        R"({"workspace_name":"w","workspace_name":"v","dry_run":false,"records":{"a":[{"record":{}}]}})",
        R"({"workspace_name":"w","dry_run":false,"extra":1,"records":{"a":[{"record":{}}]}})");
    JsonTree tree;
    REQUIRE(tree.parse(text));
    CHECK_FALSE(read_ingest(tree.root(), KeyStyle::snake).has_value());
}

TEST_CASE("Tecton: errors have the two shapes that Tecton documents") {
    CHECK(request_error("a \"b\"") ==
          R"({"requestError":{"errorMessage":"a \"b\"","errorType":"RequestValidationError"}})");
    CHECK(record_errors("prod", {{"v", "s", "m"}}) ==
          R"({"workspaceName":"prod","recordErrors":[{"featureViewName":"v","pushSourceName":"s",)"
          R"("errorType":"TectonObjectValidationError","errorMessage":"m"}]})");
}

TEST_CASE("Tecton: stream sources are named for fault rules even in a wrong envelope") {
    JsonTree tree;
    REQUIRE(tree.parse(R"({"records":{"a":1,"b":2}})"));
    CHECK(named_sources(tree.root()) == std::vector<std::string>{"a", "b"});
    REQUIRE(tree.parse("[]"));
    CHECK(named_sources(tree.root()).empty());
}

}  // namespace headrace::emulator
