#include "commands/connect_check.hpp"

#include "commands/config_file.hpp"
#include "doubles.hpp"
#include "streams.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using namespace headrace::commands_test;
using commands::check_destination;

namespace {

config::Config load(std::string const& text) {
    Folder const folder;
    Captured captured;
    auto config = commands::load_config(folder.write("c.yaml", text), captured.streams);
    CAPTURE(captured.err.str());
    REQUIRE(config);
    return std::move(*config);
}

}  // namespace

TEST_CASE("a destination that fits has no problems, and nothing is written to it") {
    Doubles doubles;
    auto const tecton = load(tecton_config("localhost:1", doubles.tecton_port));
    CHECK(check_destination(tecton.routes[0], doubles.clock).empty());
    auto const milvus = load(milvus_config("localhost:1", doubles.milvus_port));
    CHECK(check_destination(milvus.routes[0], doubles.clock).empty());
    doubles.tecton.inspect([](emulator::TectonEmulator& logic) {
        CHECK(logic.stats().dry_runs == 1);
        CHECK(logic.stats().records_written == 0);
    });
    doubles.milvus.inspect(
        [](emulator::MilvusEmulator& logic) { CHECK(logic.stats().write_requests == 0); });
}

TEST_CASE("a wrong key, a missing name and an unreachable server are told") {
    Doubles doubles;
    auto const wrong_key = load(tecton_config("localhost:1", doubles.tecton_port, "wrong"));
    auto problems = check_destination(wrong_key.routes[0], doubles.clock);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].find("401") != std::string::npos);

    auto const no_collection = load(milvus_config("localhost:1", doubles.milvus_port, "nothing"));
    problems = check_destination(no_collection.routes[0], doubles.clock);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].find("nothing") != std::string::npos);

    auto const nobody = load(tecton_config("localhost:1", 1));
    problems = check_destination(nobody.routes[0], doubles.clock);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].find("refused") != std::string::npos);
}

TEST_CASE("every name of a topic rule is checked, and names from records are not guessed") {
    Doubles doubles;
    auto text = tecton_config("localhost:1", doubles.tecton_port);
    auto const rule = text.find("stream_source_name: clicks");
    text.replace(rule, std::string("stream_source_name: clicks").size(),
                 "stream_source_name: {topic: {clicks: clicks, other: missing}}");
    text.replace(text.find("topics: [clicks]"), std::string("topics: [clicks]").size(),
                 "topics: [clicks, other]");
    auto const by_topic = load(text);
    auto const problems = check_destination(by_topic.routes[0], doubles.clock);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].find("missing") != std::string::npos);

    auto from_header = tecton_config("localhost:1", doubles.tecton_port);
    from_header.replace(from_header.find("stream_source_name: clicks"),
                        std::string("stream_source_name: clicks").size(),
                        "stream_source_name: {header: source}");
    CHECK(check_destination(load(from_header).routes[0], doubles.clock).empty());
}
