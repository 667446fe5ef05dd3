#include "streams.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace::commands;
using headrace::commands_test::Captured;

TEST_CASE("the demo ends by itself and finds every record in the stores") {
    Captured captured;
    CHECK(execute(DemoCommand{1000, "127.0.0.1:0"}, captured.streams) == exit_ok);
    auto const out = captured.out.str();
    CAPTURE(out, captured.err.str());
    CHECK(out.find("Admin page: http://127.0.0.1:") != std::string::npos);
    CHECK(out.find("nothing lost") != std::string::npos);
    CHECK(out.find("800 of 800 clicks and 200 of 200 documents") != std::string::npos);
    CHECK(captured.err.str().empty());
}

TEST_CASE("an admin address that is no address is told") {
    Captured captured;
    CHECK(execute(DemoCommand{10, "nowhere"}, captured.streams) == exit_failure);
    CHECK(captured.err.str().find("admin.listen") != std::string::npos);
}
