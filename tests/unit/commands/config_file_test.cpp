#include "commands/config_file.hpp"

#include "streams.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using commands_test::Captured;
using commands_test::Folder;

TEST_CASE("every error of a configuration is told at once, with its place") {
    Folder const folder;
    auto const path = folder.write(
        "bad.yaml", "kafka: {bootstrap_server: x}\nroutes:\n  - name: a b\n    speed: 9\n");
    Captured captured;
    CHECK_FALSE(commands::load_config(path, captured.streams));
    auto const told = captured.err.str();
    CHECK(told.find(path + ":1:") != std::string::npos);
    CHECK(told.find("did you mean bootstrap_servers") != std::string::npos);
    CHECK(told.find(path + ":4:") != std::string::npos);
}

TEST_CASE("a missing file is told by its name") {
    Captured captured;
    CHECK_FALSE(commands::load_config("no-such-file.yaml", captured.streams));
    CHECK(captured.err.str().find("no-such-file.yaml") != std::string::npos);
}

TEST_CASE("a good file is loaded") {
    Folder const folder;
    Captured captured;
    auto const config = commands::load_config(
        folder.write("good.yaml", commands_test::tecton_config("localhost:9092", 80)),
        captured.streams);
    REQUIRE(config);
    CHECK(config->routes.size() == 1);
    CHECK(captured.err.str().empty());
}
