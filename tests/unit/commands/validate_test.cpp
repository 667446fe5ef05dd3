#include "doubles.hpp"
#include "streams.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using namespace headrace::commands;
using namespace headrace::commands_test;

TEST_CASE("validate without --connect asks nobody") {
    Folder const folder;
    Captured captured;
    auto const path = folder.write("c.yaml", tecton_config("nobody.invalid:1", 1));
    CHECK(execute(ValidateCommand{path, false}, captured.streams) == exit_ok);
    CHECK(captured.out.str().find("is valid: 1 routes") != std::string::npos);
}

TEST_CASE("validate --connect asks the brokers and the destination") {
    Doubles doubles;
    Folder const folder;
    Captured captured;
    auto const path =
        folder.write("c.yaml", tecton_config(doubles.cluster->bootstrap(), doubles.tecton_port));
    auto const code = execute(ValidateCommand{path, true}, captured.streams);
    CAPTURE(captured.err.str());
    CHECK(code == exit_ok);
    CHECK(captured.out.str().find("route clicks: 1 topics with 2 partitions, tecton answers") !=
          std::string::npos);
}

TEST_CASE("validate --connect is 1 when only the connections fail, and names the route") {
    Doubles doubles;
    Folder const folder;
    Captured captured;
    auto text = milvus_config(doubles.cluster->bootstrap(), doubles.milvus_port, "nothing");
    text.replace(text.find("topics: [documents]"), std::string("topics: [documents]").size(),
                 "topics: [absent]");
    auto const path = folder.write("c.yaml", text);
    CHECK(execute(ValidateCommand{path, true}, captured.streams) == exit_failure);
    CHECK(captured.err.str().find("route documents: kafka: ") != std::string::npos);
    CHECK(captured.err.str().find("route documents: destination: ") != std::string::npos);
}
