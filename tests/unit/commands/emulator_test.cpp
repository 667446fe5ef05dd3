#include "doubles.hpp"
#include "streams.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using namespace headrace::commands;
using namespace headrace::commands_test;

TEST_CASE("a port that is taken is told with its number") {
    Doubles doubles;
    Captured captured;
    CHECK(execute(EmulatorCommand{.tecton_port = doubles.tecton_port}, captured.streams) ==
          exit_failure);
    CHECK(captured.err.str().find(std::to_string(doubles.tecton_port)) != std::string::npos);
    CHECK(execute(EmulatorCommand{.milvus_port = doubles.milvus_port}, captured.streams) ==
          exit_failure);
}
