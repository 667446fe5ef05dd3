#include "streams.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using namespace headrace::commands;
using commands_test::Captured;
using commands_test::Folder;

TEST_CASE("the effective configuration is printed with its defaults, secrets masked") {
    Folder const folder;
    Captured captured;
    auto const path = folder.write(
        "good.yaml", commands_test::tecton_config("localhost:9092", 80, "very-secret"));
    CHECK(execute(PrintConfigCommand{path}, captured.streams) == exit_ok);
    CHECK(captured.out.str().find("linger_ms: 50") != std::string::npos);
    CHECK(captured.out.str().find("***") != std::string::npos);
    CHECK(captured.out.str().find("very-secret") == std::string::npos);
}

TEST_CASE("a bad configuration is exit code 78 for every command that reads one") {
    Folder const folder;
    auto const path = folder.write("bad.yaml", "routes: []\n");
    Captured captured;
    CHECK(execute(PrintConfigCommand{path}, captured.streams) == exit_bad_config);
    CHECK(execute(ValidateCommand{path, false}, captured.streams) == exit_bad_config);
    CHECK(execute(RunCommand{path}, captured.streams) == exit_bad_config);
    CHECK(captured.out.str().empty());
}

TEST_CASE("what was told already goes to the stream that it belongs to") {
    Captured captured;
    CHECK(execute(Told{0, "help", false}, captured.streams) == 0);
    CHECK(execute(Told{64, "wrong", true}, captured.streams) == 64);
    CHECK(captured.out.str() == "help");
    CHECK(captured.err.str() == "wrong");
}
