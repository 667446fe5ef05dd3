#include "doubles.hpp"
#include "streams.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using namespace headrace::commands;
using namespace headrace::commands_test;

TEST_CASE("a port that is in use is a failed start") {
    Doubles doubles;
    Folder const folder;
    Captured captured;
    auto text = tecton_config(doubles.cluster->bootstrap(), doubles.tecton_port);
    text.replace(text.find("127.0.0.1:0"), std::string("127.0.0.1:0").size(),
                 "127.0.0.1:" + std::to_string(doubles.milvus_port));
    CHECK(execute(RunCommand{folder.write("c.yaml", text)}, captured.streams) == exit_failure);
}

TEST_CASE(
    "a librdkafka property that does not exist is a bad configuration or a failed start, never a "
    "crash") {
    Doubles doubles;
    Folder const folder;
    Captured captured;
    auto text = tecton_config(doubles.cluster->bootstrap(), doubles.tecton_port);
    text.replace(text.find("kafka: {"), std::string("kafka: {").size(),
                 "kafka: {properties: {no.such.thing: 1}, ");
    CHECK(execute(RunCommand{folder.write("c.yaml", text)}, captured.streams) == exit_bad_config);
    CHECK(captured.err.str().find("no.such.thing") != std::string::npos);
}
